"""The database's clock: the only source of time for every decision."""

from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, Func

NOW = "select nightbell_now()"


class Now(Func):
    """`nightbell_now()` in an expression or as a column's default."""

    function = "nightbell_now"
    arity = 0
    output_field = DateTimeField()


def now() -> datetime:
    """The database's time, outside any decision."""
    with connection.cursor() as cursor:
        cursor.execute(NOW)
        (at,) = cursor.fetchone()
    return at  # type: ignore[no-any-return]
