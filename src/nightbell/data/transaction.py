"""What every action runs in: one durable transaction, run again whole where the database asks for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, transaction

from nightbell.data import faults, wake

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5

_joined: ContextVar[bool] = ContextVar("joined", default=False)


def action(act: Callable[P, R]) -> Callable[P, R]:
    """Run `act` in one durable transaction, up to five times; its commit wakes the engines."""

    @wraps(act)
    def waking(*args: P.args, **kwargs: P.kwargs) -> R:
        transaction.on_commit(wake.engines)
        return act(*args, **kwargs)

    return quiet_action(waking)


def quiet_action(act: Callable[P, R]) -> Callable[P, R]:
    """The same, and no engine is woken: for what an engine does, which would otherwise wake itself for ever."""

    @wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _joined.get():
            return _once(act, False, *args, **kwargs)
        for _ in range(ATTEMPTS - 1):
            try:
                return _once(act, True, *args, **kwargs)
            except OperationalError as error:
                if not _worth_another(error):
                    raise
        return _once(act, True, *args, **kwargs)

    return run


@contextmanager
def joining() -> Iterator[None]:
    """Within it, actions join the transaction that is open: how an answer is kept in the transaction of its change."""
    token = _joined.set(True)
    try:
        yield
    finally:
        _joined.reset(token)


def _once(act: Callable[P, R], durable: bool, *args: P.args, **kwargs: P.kwargs) -> R:
    with transaction.atomic(durable=durable):
        return act(*args, **kwargs)


def _worth_another(error: OperationalError) -> bool:
    return faults.state_of(error).startswith(faults.RETRIED_CLASS)
