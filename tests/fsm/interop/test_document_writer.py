"""From a chart to its document."""

from __future__ import annotations

import pytest

from fsm import (
    Choice,
    Context,
    Event,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    always,
    choose,
    default,
    edge,
    guard,
    in_state,
    invoke,
    on,
    on_enter,
    output,
)
from fsm.errors import DefinitionError
from fsm.interop.document_writer import functions_of
from fsm.interop.scxml import write_scxml
from fsm.people import deadline, human


class Go(Event): ...


class Far(Go): ...


class Data(Context):
    total: int = 0


class All(StateMachine[Data, Go, int], version=3, unhandled="defer"):
    """Everything."""

    class A(State, initial=True, tags=("busy",)):
        """The first."""

        class B(State): ...

        class C(State, initial=True): ...

        class H(History): ...

    class P(Parallel):
        class X(State):
            class X1(State, initial=True): ...

            class X2(Final): ...

    class E(Final): ...

    @guard
    def ready(self) -> bool:
        return True

    @on_enter(A, P.X)
    def note(self) -> None: ...

    @invoke(A.B, timeout="90s")
    async def work(self) -> int:
        return 1

    @on(Go, A, to=P, when=ready & ~(in_state(A.B) | ready))
    def leave(self) -> None: ...

    @output(E)
    def total(self) -> int:
        return self.ctx.total

    worked = work.done(to=P)
    broke = work.failed(to=A.H)
    later = after("1m", A.C, to=A.B)
    hop = always(P.X.X1, to=P.X.X2, when=in_state(P))
    done = all_done(P, to=E)
    first = default(A.H, to=A.B)
    again = edge(Far, A, to=A, reenter=True)


def test_a_class_is_written_in_the_dialect() -> None:
    assert All.to_chart() == {
        "name": "All",
        "version": "3",
        "description": "Everything.",
        "unhandled": "defer",
        "context": {"total": {"type": "integer", "default": 0}},
        "states": [
            {
                "name": "A",
                "description": "The first.",
                "tags": "busy",
                "initial": "A.C",
                "on_enter": "note",
                "children": [
                    {"name": "B", "invoke": [{"call": "work", "timeout": "1m30s"}]},
                    "C",
                    {"name": "H", "history": "shallow", "default": "A.B"},
                ],
            },
            {
                "name": "P",
                "parallel": [{"name": "X", "on_enter": "note", "children": ["X1", {"name": "X2", "final": True}]}],
            },
            {"name": "E", "final": True, "output": "total"},
        ],
        "transitions": [
            {
                "trigger": ["Go", "Go.Far"],
                "source": "A",
                "dest": "P",
                "conditions": [{"all": ["ready", {"not": {"any": [{"in_state": "A.B"}, "ready"]}}]}],
                "before": "leave",
                "name": "leave",
            },
            {"trigger": {"done": "work"}, "source": "A.B", "dest": "P", "name": "worked"},
            {"trigger": {"failed": "work"}, "source": "A.B", "dest": "A.H", "name": "broke"},
            {"trigger": {"after": "1m"}, "source": "A.C", "dest": "A.B", "name": "later"},
            {
                "trigger": {"always": True},
                "source": "P.X.X1",
                "dest": "P.X.X2",
                "conditions": [{"in_state": "P"}],
                "name": "hop",
            },
            {"trigger": {"all_done": True}, "source": "P", "dest": "E"},
            {"trigger": "Go.Far", "source": "A", "dest": "A", "reenter": True, "name": "again"},
        ],
    }


def test_the_functions_of_a_class_are_found_by_name() -> None:
    found = functions_of(All.__chart__)
    assert set(found) == {"Data", "ready", "note", "work", "leave", "total"}
    again = StateMachine.from_chart(All.to_chart(), found)
    r = again.rehearse()
    r.advance("1m")
    assert r.configuration == {"E"}
    assert r.output == 0


def test_what_a_document_cannot_say_is_told() -> None:
    class Odd(StateMachine[Data, Event], search=("total",)):
        class Route(Choice, initial=True): ...

        class A(State): ...

        class B(State):
            tries: int = 0

        @choose(Route)
        def route(self) -> type[A]:
            return self.A

        lone = edge(Go, A, to=B, when=guard(lambda self: True))

    with pytest.raises(DefinitionError) as caught:
        Odd.to_chart()
    text = "\n".join(caught.value.problems)
    assert "search=: names fields that instances are found by" in text
    assert "Route: has a choice; use transitions with always; a document cannot say it" in text
    assert "B: has data of its own; use the context" in text
    assert "its guard <lambda> has no name; write it as a method with @guard" in text


def test_an_edge_on_every_event_is_a_star() -> None:
    class Lamp(StateMachine):
        class Off(State, initial=True): ...

        toggle = edge(Event, Off, to=Off)

    assert Lamp.to_chart()["transitions"][0]["trigger"] == "*"


def test_human_tasks_and_deadlines_are_no_part_of_documents_and_of_scxml() -> None:
    class Form(Context):
        yes: bool

    class Asks(StateMachine):
        class Open(State, initial=True): ...

        sla = deadline(Open, breach="1d")

        @human(Open, form=Form)
        def ask(self) -> None: ...

    with pytest.raises(DefinitionError) as told:
        Asks.to_chart()
    assert "ask: is a human task; ask the person outside" in str(told.value)
    assert "sla.breach: waits for breach 1d of a task or a deadline; use after" in str(told.value)
    with pytest.raises(DefinitionError, match="ask: SCXML has no human tasks"):
        write_scxml(Asks)
