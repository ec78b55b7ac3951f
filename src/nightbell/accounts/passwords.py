"""Which passwords are guessed first: the only place that knows how people dress up a common one."""

import re
import unicodedata

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

# In readings of small letters, where one sign may stand for either letter.
_OWN_NAME = re.compile(r"n[il]ght[\W_]*be[il]{2}")
# As for a password as a whole: that many characters it must have beside our name.
_BESIDE = 10
# Digits and signs that stand for letters. `1` stands for two of them.
_AS_LETTERS = tuple(str.maketrans("013457@$!", f"o{one}eastas{one}") for one in "il")


class GuessedFirst(CommonPasswordValidator):
    """Refuses the common list, also with digits and signs around or in its entries, or doubled; and our own name."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 -- the framework's signature
        """Raises ValidationError."""
        for written in _readings(password):
            if {written, _bare(written), _once(_bare(written))} & self.passwords:
                raise ValidationError("This password is too common.", code="password_too_common")
            if len(_OWN_NAME.sub("", written)) < min(_BESIDE, len(written)):
                message = "This password is little more than the name Nightbell."
                raise ValidationError(message, code="password_is_own_name")


def _readings(password: str) -> list[str]:
    """The password in small letters, as it is and with what may stand for a letter as that letter."""
    plain = unicodedata.normalize("NFKC", password).casefold().strip()
    return [text.translate(letters) for text in (plain, _bare(plain)) for letters in ({}, *_AS_LETTERS)]


def _bare(text: str) -> str:
    """Without the digits and signs around it."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)


def _once(text: str) -> str:
    """What it repeats, if it only repeats."""
    return text[: (text + text).find(text, 1)] if text else text
