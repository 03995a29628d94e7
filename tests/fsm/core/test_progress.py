"""Progress is a number, a text of one line's length, and a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fsm import Context, Event, State, StateMachine, edge, invoke
from fsm.core.progress import Progress, progress_of, progress_text
from fsm.errors import HandlerMisuse, UnhandledError
from fsm.limits import PROGRESS_CHARS_MAX


class Go(Event): ...


class Worker(StateMachine[Context, Go]):
    class Open(State, initial=True): ...

    class Done(State): ...

    tells: Any = 0.5

    @invoke(Open)
    async def work(self) -> int:
        self.progress(self.tells, "half")
        return 1

    done = work.done(to=Done)


class Hasty(StateMachine[Context, Go]):
    class Open(State, initial=True): ...

    go = edge(Go, Open)

    @go
    def tell(self) -> None:
        self.progress(1)


def test_what_is_told_can_be_read_again() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert progress_of(progress_text(3, "pages", at.timestamp())) == Progress(3, "pages", at)
    assert len(progress_of(progress_text(0.5, "x" * 10_000, 0.0)).text) == PROGRESS_CHARS_MAX


@pytest.mark.parametrize("value", ["half", None, True, float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(HandlerMisuse, match="tell a number"):
        progress_text(value, "", 0.0)


def test_a_rehearsed_invoke_may_tell_and_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Worker.rehearse().settle().configuration == {"Done"}
    monkeypatch.setattr(Worker, "tells", "much")
    with pytest.raises((HandlerMisuse, UnhandledError), match="tell a number"):
        Worker.rehearse().settle()


def test_a_turn_has_no_progress() -> None:
    with pytest.raises((HandlerMisuse, UnhandledError), match="call it in an invoke"):
        Hasty.rehearse().send(Go())
