"""The value of a setting that stands in a variable or, where it is a secret, in a file that `NAME_FILE` names."""

from collections.abc import Callable, Mapping

FILE = "_FILE"


def value(environ: Mapping[str, str], name: str, read: Callable[[str], str]) -> str | None:
    """The setting `name`, by `read` from a file if that is given; None where neither is, and empty counts as unset.

    The line end that an editor or `echo` leaves at the end of a file is none of the value. Raises ValueError: a
    sentence that names the variable.
    """
    given, path = environ.get(name), environ.get(name + FILE)
    if not path:
        return given or None
    if given:
        raise ValueError(f"{name} and {name}{FILE} are both set: one of them must go")
    try:
        text = read(path)
    except OSError as error:
        raise ValueError(f"{name}{FILE}: {path!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name}{FILE}: {path!r} is not text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{name}{FILE}: {path!r} cannot be read: {error}") from None
    if not text.rstrip("\r\n"):
        raise ValueError(f"{name}{FILE}: {path!r} is empty")
    return text.rstrip("\r\n")
