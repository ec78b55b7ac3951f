"""Passwords that are guessed first, and those that are not."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

COMMON = "This password is too common."
OURS = "This password is little more than the name Nightbell."


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("basketball", COMMON),
        ("BasketBall", COMMON),
        ("basketball2026", COMMON),
        ("Password123!", COMMON),
        ("!!p@ssw0rd!!", COMMON),
        ("P4ssw0rd!!", COMMON),
        ("b@sketb@ll!!", COMMON),
        ("footba11-26", COMMON),
        ("passwordpassword", COMMON),
        ("dragon.dragon", None),
        ("\uff42asketball", COMMON),
        ("123456789012", "This password is entirely numeric."),
        ("nightbell1", OURS),
        ("Nightbell2026!", OURS),
        ("n1ghtb3ll-admin", OURS),
        ("N1GHTBE11!!", OURS),
        ("nightbellnightbell", OURS),
        ("the-nightbell", OURS),
        ("Night-Bell 26", OURS),
        ("a nightbell that rings at three", None),
        ("correct horse battery", None),
        ("7#kq!Rw2@pVz", None),
    ],
)
def test_x20_what_is_guessed_first_is_no_password(password: str, why: str | None) -> None:
    refused: list[str] = []
    try:
        validate_password(password)
    except ValidationError as error:
        refused = error.messages
    assert refused == ([why] if why else [])
