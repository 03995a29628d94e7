"""The moving parts of an instance know one turn at a time, and nothing that nobody declared."""

from __future__ import annotations

import pytest

from fsm import Context, Event, State, StateMachine
from fsm.core.live import Live
from fsm.core.table import table_of


class Ping(Event): ...


class Lamp(StateMachine[Context, Ping]):
    class Off(State, initial=True): ...


def test_a_turn_begins_without_what_the_last_one_let_out() -> None:
    live = Live("a", table_of(Lamp))
    live.acting = True
    live.send(Ping(), "b", None)
    live.spawn(Lamp, None, "c")
    live.reply(1)
    live.executed.append("a statement")
    live.cancel_send("later")
    live.touched = True
    live.begin_turn("event:1", 5.0)
    assert (live.sent, live.spawned, live.answers, live.executed, live.withdrawn) == ([], [], [], [], [])
    assert (live.cause, live.time, live.touched, live.sending) == ("event:1", 5.0, False, False)


def test_chance_is_another_in_each_turn_and_the_same_in_each_repetition() -> None:
    live, drawn = Live("a", table_of(Lamp)), []
    for cause in ("event:1", "event:2", "event:1"):
        live.begin_turn(cause, 0.0)
        drawn.append(live.random.random())
    assert drawn[0] == drawn[2] != drawn[1]


def test_an_attribute_that_is_not_declared_is_refused() -> None:
    with pytest.raises(AttributeError):
        Live("a", table_of(Lamp)).sented = []  # type: ignore[attr-defined]
