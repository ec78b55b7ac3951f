"""What an installation asks about whoever set it up; it is asked before the models are loaded."""

from django.db import connection

# The longest-standing, of whichever organization.
FIRST = """
select a.email
from membership m join account a on a.id = m.user_id
where m.role = 'org:admin' and m.removed_at is null and a.is_active
order by m.joined_at, m.id
limit 1
"""


def first_address() -> str | None:
    """Where the first admin is paged; None before there is one."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST)
        row = cursor.fetchone()
    return str(row[0]) if row else None
