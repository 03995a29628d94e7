"""The call that an implementation is serving right now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CurrentCall:
    """Who calls: the key stays the same when an interrupted call is repeated, by any worker, at any time."""

    idempotency_key: str
    attempt: int
    """1, or more when an earlier run was cut short and the call may have been made before."""
    instance: str
    service: str
    method: str


_current: ContextVar[CurrentCall] = ContextVar("fsm_current_call")


def current_call() -> CurrentCall:
    """The call being served; works in async and plain implementations, in threads too.

    >>> with serving(CurrentCall("A-1/start/pay.charge/0f/0", 1, "A-1", "pay", "charge")):
    ...     current_call().idempotency_key
    'A-1/start/pay.charge/0f/0'

    Raises LookupError outside of an implementation that a machine called.
    """
    try:
        return _current.get()
    except LookupError:
        raise LookupError(
            "current_call() is only known inside a service implementation while a machine calls it"
        ) from None


@contextmanager
def serving(call: CurrentCall) -> Iterator[None]:
    """Make a call the current one."""
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)
