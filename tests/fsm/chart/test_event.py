"""Events: wire names, and which class a name stands for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fsm import Context, Done, Event, State, StateMachine, edge
from fsm.chart.event import known_events, wire_name
from fsm.errors import DefinitionError
from tests.fsm.chart.refusal import odd


class Order(Event): ...


class Paid(Order):
    amount: int = 0


class Cancelled(Order, name="order.gone"): ...


class Late(Cancelled): ...


def test_a_wire_name_is_dotted_through_base_classes_and_can_be_given() -> None:
    names = [wire_name(e) for e in (Order, Paid, Cancelled, Late, Done)]
    assert names == ["Order", "Order.Paid", "order.gone", "order.gone.Late", "done"]


@pytest.mark.parametrize("name", [5, "", b"x", ["a"]])
def test_a_wire_name_that_is_no_text_is_refused(name: object) -> None:
    with pytest.raises(DefinitionError, match=r"is not a wire name; write text such as 'order.paid'"):

        class Odd(Event, name=odd(name)): ...


def test_an_event_is_frozen_and_refuses_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        Paid(amount=1, more=2)  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Paid(amount=1).amount = 2


def test_known_events_are_the_given_ones_and_their_subclasses() -> None:
    assert known_events((Order,)) == {
        "Order": Order,
        "Order.Paid": Paid,
        "order.gone": Cancelled,
        "order.gone.Late": Late,
    }
    assert known_events((Paid,)) == {"Order.Paid": Paid}
    assert not {"done", "failed", "error.execution", "start"} & set(known_events((Event,)))


def _a_twin() -> type[Event]:
    class Ping(Event): ...

    return Ping


def test_a_name_means_the_event_of_the_machine_before_one_of_the_same_name_elsewhere() -> None:
    before = _a_twin()

    class Ping(Event): ...

    after = _a_twin()

    class Machine(StateMachine):
        class A(State, initial=True): ...

        ping = edge(Ping, A)

    assert known_events(Machine.__chart__.events)["Ping"] is Ping
    assert Machine.rehearse().send("Ping").transitions == ("ping",)
    assert before.__wire__ == after.__wire__ == "Ping"


def test_an_edge_on_a_base_class_takes_its_subclasses() -> None:
    class Machine(StateMachine[Context, Order]):
        class A(State, initial=True): ...

        any_order = edge(Order, A)

    r = Machine.rehearse()
    for event in (Order(), Paid(amount=2), Late()):
        assert r.send(event).transitions == ("any_order",)
    assert r.send("Order.Paid", amount=3).event == "Order.Paid"
