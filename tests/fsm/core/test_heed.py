"""What an external event means to invokes that are at work: finalize content, and copies for children."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Context, Done, Event, Final, Signal, State, StateMachine, defer, edge, invoke, on, output
from fsm.chart.chart import Handler, Trigger
from fsm.chart.sketch import InvokeSketch, Sketch, StateSketch, TransitionSketch, machine_of
from fsm.chart.state import Kind
from fsm.errors import NotAccepted


class Add(Event):
    by: int = 1


class Twice(Add): ...


class Stop(Event): ...


class Leave(Event): ...


class Tally(Context):
    n: int = 0
    seen: list[str] = []


class Counter(StateMachine[Tally, Add | Stop, int]):
    class On(State, initial=True): ...

    class End(Final): ...

    stop = edge(Stop, On, to=End)

    @on(Add, On)
    def add(self, ev: Add) -> None:
        self.ctx.n += ev.by

    @output(End)
    def total(self) -> int:
        return self.ctx.n


class Office(StateMachine[Tally, Add | Stop | Leave]):
    """Hands Add on to its counter, and takes some of it itself."""

    class Idle(State, initial=True): ...

    class Counting(State): ...

    class Home(State): ...

    begin = edge(Leave, Idle, to=Counting)
    keep_for_later = defer(Twice, Counting)

    @invoke(Counting, machine=Counter, forward=[Add])
    def counter(self) -> Tally:
        return Tally(n=100)

    @counter.done(to=Home)
    def counted(self, ev: Done[int]) -> None:
        self.ctx.n = ev.data

    @on(Leave, Counting)
    def finish(self) -> None:
        self.send(Stop(), to=f"{self.id}/counter.1")

    @on(Stop, Counting, to=Home)
    def stop(self) -> None: ...


def test_an_event_that_is_handed_on_need_not_be_taken_by_the_parent() -> None:
    r = Office.rehearse()
    with pytest.raises(NotAccepted):
        r.send(Add(by=5))
    r.send(Leave())
    step = r.send(Add(by=5))
    assert (step.transitions, step.configuration) == ((), {"Counting"})
    r.send(Leave())
    assert (r.configuration, r.ctx.n, r.sent) == ({"Home"}, 105, [])


def test_subclasses_are_handed_on_as_well_and_then_need_not_wait() -> None:
    r = Office.rehearse()
    r.send(Leave())
    r.send(Twice(by=7))
    assert r.snapshot().waiting == ()
    r.send(Leave())
    assert r.ctx.n == 107


def test_an_event_that_leaves_the_childs_state_is_handed_on_to_nobody() -> None:
    class Hasty(Office):
        @on(Add, Office.Counting, to=Office.Home)
        def hasty(self) -> None: ...

    r = Hasty.rehearse()
    r.send(Leave())
    r.send(Add())
    assert (r.configuration, r.pending, r.sent) == ({"Home"}, (), [])


def test_an_event_of_another_class_is_not_handed_on() -> None:
    r = Office.rehearse()
    r.send(Leave())
    r.send(Stop())
    assert (r.configuration, r.ctx.n) == ({"Home"}, 0)


class Said(Context):
    seen: list[str] = []


def talking(*, finalize: Handler | None, forward: bool = False) -> type[StateMachine[Any, Any, Any]]:
    """A parent and a child made from values: the child answers every `ask` with `told`."""

    def tell(machine: Any, event: Signal) -> None:
        machine.send(Signal(name="told", data=event.data), machine.parent)

    def keep(machine: Any, event: Signal) -> None:
        machine.ctx.seen.append(f"{event.name} {event.data} {event.invoke}".rstrip())

    on_ask = TransitionSketch("a", Trigger("event", names=("ask",)), actions=(Handler("tell", tell, tell),))
    child = machine_of(Sketch("Child", StateSketch("", Kind.COMPOUND, [StateSketch("a")]), [on_ask]), StateMachine)
    invokes = [
        InvokeSketch(
            "kid",
            "work",
            child=lambda machine, event: (child, None),
            machines={"Child": child},
            forward=forward,
            finalize=finalize,
        )
    ]
    edges = [TransitionSketch("work", Trigger("event", names=("told", "other")), actions=(Handler("k", keep, keep),))]
    root = StateSketch("", Kind.COMPOUND, [StateSketch("work")])
    drawn = Sketch("Parent", root, edges, invokes, context=Said, unhandled="ignore")
    return machine_of(drawn, StateMachine)


def test_finalize_content_runs_first_and_only_for_what_comes_from_its_invoke() -> None:
    def final(machine: Any, event: Signal) -> None:
        machine.ctx.seen.append(f"finalize {event.name}")

    r = talking(finalize=Handler("final", final, final), forward=True).rehearse()
    r.send("other")
    r.send("ask", n=1)
    assert r.ctx.seen == ["other None", "finalize told", "told {'n': 1} kid"]


def test_everything_is_handed_on_where_that_was_asked_for() -> None:
    r = talking(finalize=None, forward=True).rehearse()
    r.send("ask")
    assert r.ctx.seen == ["told None kid"]
    r = talking(finalize=None).rehearse()
    r.send("ask")
    assert r.ctx.seen == []
