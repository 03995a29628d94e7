"""Failures that say what may be done about them: all that the author of a service has to learn."""

from __future__ import annotations

from typing import Any

from fsm.chart.delay import Delay, delay_ms
from fsm.errors import FsmError


class Retryable(FsmError):
    """The call may succeed when it is made again; `after` says when, in place of the policy's own delay.

        raise Retryable("the bank is busy", after="20s")

    It is repeated as far as the policy has attempts left, whatever its `on` and `not_on` say. Raises ValueError for an
    `after` that is not a delay.
    """

    def __init__(self, message: str = "", *, after: Delay | None = None, data: Any = None) -> None:
        super().__init__(message)
        self.after = None if after is None else delay_ms(after) / 1000
        """Seconds to wait, or None."""
        self.data = data


class Terminal(FsmError):
    """The call will never succeed here: it is not made again, the fallback is asked at once.

    raise Terminal("the card was reported stolen")
    """

    def __init__(self, message: str = "", *, data: Any = None) -> None:
        super().__init__(message)
        self.data = data
