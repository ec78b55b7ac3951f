"""What every action runs in: whoever asks for it may, in one durable transaction that is run again where it must be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.db import OperationalError, transaction

from nightbell.data import faults, wake
from nightbell.data.access.principal import Needs, Principal

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5

_joined: ContextVar[bool] = ContextVar("joined", default=False)


Action = Callable[Concatenate[Principal, P], R]


def needing(needs: Needs) -> Callable[[Action[P, R]], Action[P, R]]:
    """Have an action refuse whoever may not do it, before anything else. It raises Rejected: `not_authorized`."""

    def declared(act: Action[P, R]) -> Action[P, R]:
        @wraps(act)
        def asked(principal: Principal, /, *args: P.args, **kwargs: P.kwargs) -> R:
            principal.require(needs)
            return act(principal, *args, **kwargs)

        asked.needs = needs  # type: ignore[attr-defined]
        return asked

    return declared


def action(needs: Needs) -> Callable[[Action[P, R]], Action[P, R]]:
    """Run an action in one durable transaction, up to five times; its commit wakes the engines.

    Its first argument is who wants it done: Rejected, `not_authorized`, where they may not do what needs `needs`.
    """

    def declared(act: Action[P, R]) -> Action[P, R]:
        @wraps(act)
        def waking(principal: Principal, /, *args: P.args, **kwargs: P.kwargs) -> R:
            transaction.on_commit(wake.engines)
            return act(principal, *args, **kwargs)

        return needing(needs)(_in_one(waking))

    return declared


def quiet_action(needs: Needs) -> Callable[[Action[P, R]], Action[P, R]]:
    """The same, and no engine is woken: for what an engine does, which would otherwise wake itself for ever."""
    return lambda act: needing(needs)(_in_one(act))


def _in_one(act: Callable[P, R]) -> Callable[P, R]:
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
