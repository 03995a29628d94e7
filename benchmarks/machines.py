"""Our machines of the cases in memory: each shape as a class, its callbacks counted outside of the context."""

from __future__ import annotations

from typing import Any

from benchmarks.figure import Wrong
from benchmarks.race import Check, Side, Step
from benchmarks.tally import Tally
from fsm import Context, Event, Parallel, State, StateMachine, edge, guard, on, on_enter, on_exit
from fsm.testing.rehearsal import Rehearsal


class Next(Event):
    """The one event of all cases."""


def sending(rehearsal: Rehearsal[Any, Any, Any], event: Event) -> Step:
    """Sends one ready event again and again."""

    def step(events: int) -> None:
        send = rehearsal.send
        for _ in range(events):
            send(event)

    return step


def standing(rehearsal: Rehearsal[Any, Any, Any], *rings: str) -> Check:
    """A check of the configuration: each region goes round in its ring, one place an event."""
    circles = [ring.split() for ring in rings]

    def check(events: int) -> None:
        due = {circle[events % len(circle)] for circle in circles}
        if rehearsal.configuration != due:
            raise Wrong(f"after {events} events we stand in {set(rehearsal.configuration)}, expected {due}")

    return check


def _flat() -> tuple[Step, Check]:
    class Flat(StateMachine[Context, Next]):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        ab = edge(Next, A, to=B)
        bc = edge(Next, B, to=C)
        ca = edge(Next, C, to=A)

    rehearsal = Flat.rehearse()
    return sending(rehearsal, Next()), standing(rehearsal, "A B C")


def _callbacks() -> tuple[Step, Check]:
    tally = Tally()

    class Callbacks(StateMachine[Context, Next]):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        @guard
        def may(self) -> bool:
            tally.guards += 1
            return True

        @on(Next, A, to=B, when=may)
        def ab(self) -> None:
            tally.actions += 1

        @on(Next, B, to=C, when=may)
        def bc(self) -> None:
            tally.actions += 1

        @on(Next, C, to=A, when=may)
        def ca(self) -> None:
            tally.actions += 1

        @on_enter(A, B, C)
        def enter(self) -> None:
            tally.entries += 1

        @on_exit(A, B, C)
        def leave(self) -> None:
            tally.exits += 1

    return sending(Callbacks.rehearse(), Next()), tally.expects(1, 1, 1, 1)


def _awaited() -> tuple[Step, Check]:
    tally = Tally()

    class Awaited(StateMachine[Context, Next]):
        class A(State, initial=True): ...

        class B(State): ...

        class C(State): ...

        @guard
        async def may(self) -> bool:
            tally.guards += 1
            return True

        @on(Next, A, to=B, when=may)
        async def ab(self) -> None:
            tally.actions += 1

        @on(Next, B, to=C, when=may)
        async def bc(self) -> None:
            tally.actions += 1

        @on(Next, C, to=A, when=may)
        async def ca(self) -> None:
            tally.actions += 1

        @on_enter(A, B, C)
        async def enter(self) -> None:
            tally.entries += 1

        @on_exit(A, B, C)
        async def leave(self) -> None:
            tally.exits += 1

    return sending(Awaited.rehearse(), Next()), tally.expects(1, 1, 1, 1)


def _crossing() -> tuple[Step, Check]:
    tally = Tally()

    class Crossing(StateMachine[Context, Next]):
        class P(State, initial=True):
            class P1(State, initial=True):
                class P11(State, initial=True): ...

        class Q(State):
            class Q1(State, initial=True):
                class Q11(State, initial=True): ...

        there = edge(Next, P.P1.P11, to=Q.Q1.Q11)
        back = edge(Next, Q.Q1.Q11, to=P.P1.P11)

        @on_enter(P, P.P1, P.P1.P11, Q, Q.Q1, Q.Q1.Q11)
        def enter(self) -> None:
            tally.entries += 1

        @on_exit(P, P.P1, P.P1.P11, Q, Q.Q1, Q.Q1.Q11)
        def leave(self) -> None:
            tally.exits += 1

    return sending(Crossing.rehearse(), Next()), tally.expects(0, 0, 3, 3)


def _regions() -> tuple[Step, Check]:
    class Regions(StateMachine[Context, Next]):
        class Both(Parallel, initial=True):
            class R(State):
                class A(State, initial=True): ...

                class B(State): ...

                class C(State): ...

            class S(State):
                class X(State, initial=True): ...

                class Y(State): ...

                class Z(State): ...

        ab = edge(Next, Both.R.A, to=Both.R.B)
        bc = edge(Next, Both.R.B, to=Both.R.C)
        ca = edge(Next, Both.R.C, to=Both.R.A)
        xy = edge(Next, Both.S.X, to=Both.S.Y)
        yz = edge(Next, Both.S.Y, to=Both.S.Z)
        zx = edge(Next, Both.S.Z, to=Both.S.X)

    rehearsal = Regions.rehearse()
    rings = ("Both.R.A Both.R.B Both.R.C", "Both.S.X Both.S.Y Both.S.Z")
    return sending(rehearsal, Next()), standing(rehearsal, *rings)


FLAT = Side("ours", _flat)
CALLBACKS = Side("ours", _callbacks)
AWAITED = Side("ours", _awaited)
CROSSING = Side("ours", _crossing)
REGIONS = Side("ours", _regions)
