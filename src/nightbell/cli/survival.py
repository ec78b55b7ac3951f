"""What the command line does where text cannot be written or read: the only place that keeps it from a traceback."""

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import click

FAILED, USED_WRONGLY = 1, 2
# What a place that is written to says once it takes no more.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EPIPE})


def write_everything() -> None:
    """A character that the terminal's encoding lacks is written as its number, here and in what click makes of it."""
    for stream in (sys.stdout, sys.stderr):
        # There is none where it was closed before the start.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def as_text(arguments: Iterable[str]) -> list[str]:
    """Arguments as text: what the locale could not read is taken for UTF-8. Raises UsageError where it is none."""
    return [_text(each) for each in arguments]


def _text(argument: str) -> str:
    try:
        argument.encode()
    except UnicodeEncodeError:
        try:
            return argument.encode(errors="surrogateescape").decode()
        except UnicodeError:
            raise click.UsageError(f"{argument!a} is not text in UTF-8.") from None
    return argument


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """End in one line where a place is full or a text cannot be encoded, by whatever was written or read."""
    try:
        yield
    except click.UsageError as error:
        _end(error.format_message(), USED_WRONGLY)
    except UnicodeError as error:
        _end(f"A text cannot be read or written: {ascii(str(error))[1:-1]}", FAILED)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _end(f"{error.filename or 'What was to be printed'}: {error.strerror}", FAILED)


def _end(line: str, code: int) -> None:
    with contextlib.suppress(OSError):
        click.echo(f"Error: {line}", err=True)
    for stream in (sys.stdout, sys.stderr):
        _forget(stream)
    sys.exit(code)


def _forget(stream: TextIO | None) -> None:
    """What a full place did not take is tried once more when the interpreter ends: nowhere, then."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if stream is not None:
            stream.flush()
        return
    with contextlib.suppress(OSError, ValueError, AttributeError):
        assert stream is not None
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def announce(line: str, *, err: bool = False) -> None:
    """Say something for whoever still reads it: what lasts does not end because nobody does."""
    with contextlib.suppress(OSError):
        click.echo(line, err=err)


def print_json(data: Any) -> None:
    """Print data for a program; where the encoding lacks a character, in JSON's own way."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        text = json.dumps(data, indent=2)
    click.echo(text)
