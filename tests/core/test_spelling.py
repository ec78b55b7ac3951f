"""Names in every script, and the ways one text is written."""

import unicodedata

import pytest

from nightbell.core import spelling


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Night Owls", "night-owls"),
        ("Day Larks & Söhne", "day-larks-sohne"),
        ("  Zoe's --- team_1 ", "zoes-team_1"),
        ("東京", "東京"),
        ("東京 支社 2", "東京-支社-2"),
        ("Straße", "strasse"),
        ("Søren", "søren"),
        ("МОСКВА", "москва"),
        ("हिन्दी टीम", "हिन्दी-टीम"),
        ("กรุงเทพ", "กรุงเทพ"),
        ("ＡＢＣ", "abc"),
        ("한국", "한국"),
        (unicodedata.normalize("NFD", "한국 Café"), "한국-café"),
        ("42", "42"),
        ("!!!", ""),
        ("\N{OWL}", ""),
        ("\N{COMBINING ACUTE ACCENT}", ""),
        ("a\0b\u202ec", "abc"),
        ("-", ""),
    ],
)
def test_x19_a_name_of_any_script_has_a_slug(name: str, slug: str) -> None:
    assert spelling.slug(name, 100) == slug
    assert spelling.slug(slug, 100) == slug


def test_x19_a_slug_is_no_longer_than_it_may_be() -> None:
    assert spelling.slug("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100, 10).startswith("صل")
    assert len(spelling.slug("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100, 100)) <= 100
    assert spelling.slug("nine char then", 10) == "nine-char"


def test_x19_forms_of_one_text_are_the_same() -> None:
    assert spelling.same(unicodedata.normalize("NFD", "Café ガ")) == spelling.same("Café ｶﾞ") == "Café ガ"
