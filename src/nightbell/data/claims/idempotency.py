"""Answers kept for clients that ask again, each claimed and kept in the transaction of the change it reports."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection

# Waits for whoever is answering the same request now. A row too old to be honoured is taken over.
CLAIM = """
insert into idempotent_answer (caller, request, key, body_hash, created_at)
values (%(caller)s, %(request)s, %(key)s, %(body_hash)s, nightbell_now())
on conflict (caller, request, key) do update
  set body_hash = excluded.body_hash, status = null, answer = null, created_at = excluded.created_at
  where idempotent_answer.created_at < nightbell_now() - make_interval(secs => %(age)s)
returning id
"""

# A second statement, because the one that waited cannot see what it waited for.
KEPT = """
select k.body_hash, k.status, k.answer from idempotent_answer k
where k.caller = %(caller)s and k.request = %(request)s and k.key = %(key)s
"""

KEEP = "update idempotent_answer set status = %(status)s, answer = %(answer)s where id = %(id)s"

FORGET = "delete from idempotent_answer where created_at < nightbell_now() - make_interval(secs => %(age)s)"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be asked again: whose it is, what was asked, under which key."""

    caller: UUID
    request: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given, and the body it was given to."""

    body_hash: bytes
    status: int
    answer: str


def claim(asked: Asked, age: timedelta) -> int | None:
    """The place for this request's answer; None where one given less than `age` ago is there."""
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "caller": asked.caller,
                "request": asked.request,
                "key": asked.key,
                "body_hash": asked.body_hash,
                "age": age.total_seconds(),
            },
        )
        row = cursor.fetchone()
    return row[0] if row else None


def kept(asked: Asked) -> Kept:
    """The answer this request was given."""
    with connection.cursor() as cursor:
        cursor.execute(KEPT, {"caller": asked.caller, "request": asked.request, "key": asked.key})
        body_hash, status, answer = cursor.fetchone()
    return Kept(bytes(body_hash), status, answer)


def keep(place: int, status: int, answer: str) -> None:
    """Put the answer in its place."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {"id": place, "status": status, "answer": answer})


def forget(age: timedelta) -> int:
    """Delete the answers given longer ago; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"age": age.total_seconds()})
        return int(cursor.rowcount)
