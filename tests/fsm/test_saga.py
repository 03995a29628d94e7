"""What workflows need that take back what they have done."""

from __future__ import annotations

import fsm.saga
from fsm import State, StateMachine


def test_the_front_door_gives_what_a_saga_needs() -> None:
    class Lamp(StateMachine):
        class Off(State, initial=True): ...

    made = fsm.saga.compensate(Lamp.Off)
    assert isinstance(made, fsm.saga.Compensation)
    assert isinstance(made.undo(lambda self: None), fsm.saga.Undo)
