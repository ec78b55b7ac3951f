"""What a verb says when something is wrong: one line, for the errors that are known, and the error itself otherwise."""

import click
import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection

from nightbell.cli import output
from nightbell.core.errors import Code, Rejected


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Rejected(Code.NOT_FOUND, "There is none.", "org"), "org: There is none."),
        (Rejected(Code.NOT_FOUND, "There is none."), "There is none."),
        (OperationalError("gone\n"), "The database does not answer: gone"),
        (InterfaceError("closed"), "The database does not answer: closed"),
    ],
)
def test_a_known_error_is_one_line(error: Exception, says: str) -> None:
    with pytest.raises(click.ClickException) as told, output.plainly():
        raise error
    assert told.value.message == says


@pytest.mark.django_db(transaction=True)
def test_a_missing_table_is_told_apart_from_a_fault_of_ours() -> None:
    with (
        pytest.raises(click.ClickException, match="run nightbell migrate"),
        output.plainly(),
        connection.cursor() as cursor,
    ):
        cursor.execute("select 1 from no_such_table")
    with pytest.raises(ProgrammingError), output.plainly(), connection.cursor() as cursor:
        cursor.execute("select no_such_column")
