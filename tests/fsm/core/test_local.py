"""The data of active states is written down by id, checked, and read again."""

from __future__ import annotations

import pytest

from fsm import Event, State, StateMachine, edge, on
from fsm.core import local
from fsm.core.live import Live
from fsm.core.table import table_of
from fsm.errors import ContextInvalid


class Go(Event): ...


class Spoil(Event): ...


class Counting(StateMachine):
    class Here(State, initial=True):
        tries: int = 0

    class There(State): ...

    go = edge(Go, Here, to=There)

    @on(Spoil, Here)
    def spoil(self) -> None:
        self.local(self.Here).tries = "many"  # type: ignore[assignment]


def live() -> Live:
    made = Live("a", table_of(Counting))
    made.at = made.table.configuration((0, 1))
    return made


def test_what_was_kept_is_read_again() -> None:
    made = live()
    local.restore(made, {"Here": {"tries": 3}})
    assert local.keep(made) == {"Here": {"tries": 3}} == made.saved_locals


def test_a_state_of_which_nothing_was_kept_begins_anew() -> None:
    made = live()
    local.restore(made, {"Gone": {"tries": 3}})
    assert local.keep(made) == {"Here": {"tries": 0}}


def test_a_wrong_value_is_refused_and_the_turn_undone() -> None:
    rehearsal = Counting.rehearse()
    with pytest.raises(ContextInvalid, match="data of state Here does not fit"):
        rehearsal.send(Spoil())
    assert rehearsal.snapshot().locals == {"Here": {"tries": 0}}
