"""Our machines with the face of `transitions`."""

from __future__ import annotations

from typing import Any

import pytest
from transitions import MachineError

from fsm import Context, Event, Final, Parallel, State, StateMachine, after, all_done, edge, guard, on
from fsm.errors import DefinitionError, NotAccepted, UnhandledError, UnknownEvent


class Pay(Event):
    amount: int


class Packed(Event): ...


class Sum(Context):
    total: int = 0


class Order(StateMachine[Sum, Pay | Packed]):
    class Cart(State, initial=True): ...

    class Fulfil(Parallel):
        class Pack(State):
            class Waiting(State, initial=True): ...

            class Ready(Final): ...

        class Bill(State):
            class Unsent(State, initial=True): ...

            class Sent(Final): ...

    class Shipped(Final): ...

    @guard
    def enough(self, ev: Pay) -> bool:
        return ev.amount > 10

    @on(Pay, Cart, to=Fulfil, when=enough)
    def remember(self, ev: Pay) -> None:
        self.ctx.total += ev.amount

    packed = edge(Packed, Fulfil.Pack.Waiting, to=Fulfil.Pack.Ready)
    billed = after("1h", Fulfil.Bill.Unsent, to=Fulfil.Bill.Sent)
    shipped = all_done(Fulfil, to=Shipped)


def test_triggers_run_our_algorithm_and_models_say_where_they_are() -> None:
    order = Order.to_transitions(Sum(total=1))
    assert (order.state, order.is_Cart(), order.get_triggers("Cart")) == ("Cart", True, ["Pay"])
    assert (order.may_Pay(amount=3), order.may_Pay(amount=30), order.may_Packed()) == (False, True, False)
    assert order.Pay(amount=3) is False
    assert order.trigger("Pay", amount=30) is True
    assert order.state == ["Fulfil.Pack.Waiting", "Fulfil.Bill.Unsent"]
    assert order.is_Fulfil.Pack.Waiting()
    assert order.rehearsal().ctx.total == 31


def test_time_passes_when_it_is_told_to() -> None:
    order = Order.to_transitions()
    order.Pay(amount=30)
    order.Packed()
    order.advance("2h")
    assert order.state == "Shipped"
    with pytest.raises(MachineError, match=r"Can't trigger event 'Packed'.* is done"):
        order.Packed()


def test_what_cannot_be_taken_raises_errors_of_both_sides() -> None:
    order = Order.to_transitions()
    for kind in (MachineError, NotAccepted):
        with pytest.raises(kind, match="Can't trigger event 'Packed': Order 'rehearsal': no edge"):
            order.Packed()
    for other in (AttributeError, UnknownEvent):
        with pytest.raises(other, match="Do not know event named 'Gone'"):
            order.trigger("Gone")


def test_every_model_has_a_run_of_its_own() -> None:
    class Model: ...

    one, two = Model(), Model()
    machine: Any = Order.to_transitions(model=[one, two])
    assert one.Pay(amount=20)  # type: ignore[attr-defined]
    assert (machine.rehearsal(one).ctx.total, machine.rehearsal(two).ctx.total) == (20, 0)
    assert two.state == "Cart"  # type: ignore[attr-defined]
    machine.add_model(three := Model())
    assert three.state == "Cart"  # type: ignore[attr-defined]


@pytest.mark.parametrize("engine", ["graphviz", "mermaid"])
def test_it_draws_itself_with_the_active_states(engine: str) -> None:
    order = Order.to_transitions(graph_engine=engine)
    before = str(getattr(order.get_graph(), "source", "") or order.get_graph().draw(None))
    order.Pay(amount=20)
    behind = str(getattr(order.get_graph(), "source", "") or order.get_graph().draw(None))
    for text in (before, behind):
        assert "Fulfil.Pack.Waiting" in text
        assert "Pay" in text
    assert before != behind


def test_the_chart_cannot_be_changed_from_outside() -> None:
    order = Order.to_transitions()
    changes: dict[str, Any] = {
        "add_transition": ("go", "Cart", "Shipped"),
        "add_states": ("More",),
        "remove_transition": ("Pay",),
        "add_model": (object(), "Cart"),
    }
    for name, arguments in changes.items():
        with pytest.raises(DefinitionError, match=f"{name}.*has its chart, which never changes"):
            getattr(order, name)(*arguments)
    with pytest.raises(AttributeError):
        order.on_enter_Cart("x")


def test_a_machine_from_transitions_goes_there_and_back() -> None:
    made = StateMachine.from_transitions(
        ["a", {"name": "c", "children": ["x", "y"]}],
        initial="a",
        transitions=[["go", "a", "c"], ["next", "c", "c_x"], ["next", "c_x", "c_y"]],
    )
    back = made.to_transitions()
    walk = [(getattr(back, event)(), back.state) for event in ("go", "next", "to_a", "to_c_x", "next")]
    assert walk == [(True, "c"), (True, "c_x"), (True, "a"), (True, "c_x"), (True, "c_y")]
    assert back.is_c_y()


def test_arguments_and_failures_come_through() -> None:
    told: list[Any] = []

    def note(*args: Any, **kwargs: Any) -> None:
        told.append((args, kwargs))
        if args == (2,):
            raise ValueError("two")

    made = StateMachine.from_transitions(
        ["a", "b"], initial="a", transitions=[{"trigger": "go", "source": "a", "dest": "b", "before": note}]
    )
    machine = made.to_transitions()
    with pytest.raises(UnhandledError):
        machine.go(2)
    assert machine.state == "a"
    assert machine.go(1, x=3)
    assert told == [((2,), {}), ((1,), {"x": 3})]
