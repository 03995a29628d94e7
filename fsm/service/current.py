"""The call that an implementation is serving right now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


def _unheard(progress: Any) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class CurrentCall:
    """Who calls: the key stays the same when an interrupted call is repeated, by any worker, at any time."""

    idempotency_key: str
    attempt: int
    """1, or more when it was tried before, or an earlier run was cut short and it may have been made before."""
    instance: str
    service: str
    method: str
    heard: Callable[[Any], None] = field(default=_unheard, repr=False, compare=False)
    """Who is told of a beat."""

    def beat(self, progress: Any = None) -> None:
        """Say that the work goes on, and how far it is: a policy's `heartbeat` bounds the silence in between.

        If the attempt fails without an answer, the progress last told is the `data` of its failure. May be called from
        any thread.
        """
        self.heard(progress)


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
