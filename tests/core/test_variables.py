"""A setting by its variable, or by the file that another names."""

import errno

import pytest

from nightbell.core import variables


def read(path: str) -> str:
    match path:
        case "/missing":
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        case "/binary":
            return b"\xff".decode()
        case "/odd":
            raise ValueError("embedded null byte")
        case _:
            return path.removeprefix("/").replace("|", "\n")


@pytest.mark.parametrize(
    ("environ", "value"),
    [
        ({}, None),
        ({"N": ""}, None),
        ({"N": "", "N_FILE": ""}, None),
        ({"N": "plain"}, "plain"),
        ({"N_FILE": "/secret|"}, "secret"),
        ({"N": "", "N_FILE": "/ secret |"}, " secret "),
        ({"N_FILE": "/first|second|"}, "first\nsecond"),
    ],
)
def test_x16_a_setting_may_stand_in_a_file(environ: dict[str, str], value: str | None) -> None:
    assert variables.value(environ, "N", read) == value


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"N": "a", "N_FILE": "/b"}, "N and N_FILE are both set"),
        ({"N_FILE": "/missing"}, "N_FILE: '/missing' cannot be read: No such file"),
        ({"N_FILE": "/binary"}, "N_FILE: '/binary' is not text in UTF-8"),
        ({"N_FILE": "/odd"}, "N_FILE: '/odd' cannot be read: embedded null byte"),
        ({"N_FILE": "/|"}, "N_FILE: '/|' is empty"),
    ],
)
def test_x16_a_file_that_cannot_be_used_is_an_error_that_names_the_variable(environ: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=r"^N") as told:
        variables.value(environ, "N", read)
    assert str(told.value).startswith(says)
