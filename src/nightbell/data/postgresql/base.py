"""What Django loads as its database: the only place that tells a useless session from a statement that failed."""

import time
from types import TracebackType

from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property

from nightbell.data import faults


class DatabaseWrapper(base.DatabaseWrapper):
    """A session that refuses to write, or that the server is about to end, counts as a lost one."""

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        """Django's, and this."""
        return _Errors(self)

    def give_up(self) -> None:
        """Close this session when its user is done with it: at the latest when the request ends."""
        self.close_at = time.monotonic()


class _Errors(DatabaseErrorWrapper):
    wrapper: DatabaseWrapper

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state = faults.state_of(error)
        if faults.is_useless(state):
            self.wrapper.give_up()
        if state == faults.READ_ONLY:
            # Django calls it an internal error. After a failover only a new session finds the server that writes.
            assert error is not None
            raise OperationalError(*error.args).with_traceback(trace) from error
        super().__exit__(kind, error, trace)
