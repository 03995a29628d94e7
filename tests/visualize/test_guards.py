"""What a picture says of a guard."""

from __future__ import annotations

from fsm import Event, Parallel, State, StateMachine, edge, guard, in_state
from tests.visualize.machines import Loops, Order
from visualize.guards import guard_label


@guard
def paid(self: object) -> bool:
    return True


class Twins(StateMachine):
    class Both(Parallel, initial=True):
        class Left(State):
            class Wait(State, initial=True): ...

        class Right(State):
            class Wait(State, initial=True): ...

            class Ready(State): ...

    ready = edge(Event, Both.Right.Wait, to=Both.Right.Ready)


def test_a_state_whose_name_others_share_has_as_much_of_its_path_as_tells_it_apart() -> None:
    chart, both = Twins.__chart__, Twins.Both
    shared = paid & (in_state(both.Left.Wait) | ~in_state(both.Right.Wait))
    assert guard_label(chart, shared) == "paid and (in Left.Wait or not in Right.Wait)"
    assert guard_label(chart, in_state(both.Right.Ready)) == "in Ready"
    assert guard_label(chart, in_state(both)) == "in Both"


def test_pictures_say_it_so() -> None:
    labels = {t.name: guard_label(m.__chart__, t.guard) for m in (Loops, Order) for t in m.__chart__.transitions}
    assert (labels["right"], labels["release"], labels["hold"]) == ("in Left.Ready", "not in Shipping", "")
