"""One text written in several ways: which form of it counts, and the short form that commands are typed with."""

import re
import unicodedata


def same(text: str) -> str:
    """What two ways to write the same have in common: composed or not, wide or narrow; capitals are kept."""
    return unicodedata.normalize("NFKC", text)


def slug(name: str, longest: int) -> str:
    """A name as it is typed in a command: small letters and digits of any script, with hyphens between its words.

    Without accents where that leaves nothing but ASCII. Empty where the name has no letter and no digit.
    """
    text = same(name).casefold()
    folded = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    kept = "".join(each for each in (folded if folded.isascii() else text) if _belongs(each))
    found = re.sub(r"[-\s]+", "-", kept).strip("-_")[:longest].strip("-_")
    # Marks alone, which belong to a letter before them, are none.
    return found if any(each.isalnum() for each in found) else ""


def words_of(field: str) -> str:
    """What a field of the record is called in a sentence: `handoff time` for `handoffTime`, `users` for `userIds`."""
    text = re.sub(r"(?=[A-Z])", " ", field).lower()
    return re.sub(r" ids?$", lambda found: "s" if found[0] == " ids" else "", text)


def _belongs(each: str) -> bool:
    """Letters with their marks, digits, and what stands between words."""
    return unicodedata.category(each)[0] in "LMN" or each in "-_" or each.isspace()
