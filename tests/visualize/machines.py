"""Machines to draw: one that uses everything, and one for each trap of layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from fsm.chart.action import choose, on_enter, on_exit, output
from fsm.chart.chart import Chart
from fsm.chart.child import invoke
from fsm.chart.context import Context
from fsm.chart.edge import after, all_done, always, default, defer, edge, on
from fsm.chart.event import ActionFailed, Event, Failed
from fsm.chart.guard import guard, in_state
from fsm.chart.state import Choice, Final, History, Parallel, State
from fsm.machine import StateMachine


class Submit(Event): ...


class Edit(Event): ...


class Hold(Event): ...


class Resume(Event): ...


class Cancel(Event): ...


class Collected(Event): ...


class Delivered(Event): ...


class Go(Event): ...


class Stop(Event): ...


class Again(Event): ...


class Reset(Event): ...


class Data(Context):
    attempts: int = 0


class Payments(Protocol):
    async def authorise(self) -> str: ...


class Order(StateMachine[Data]):
    """An order from the cart to the door."""

    payments: Payments

    class Draft(State, initial=True):
        """Still changeable by the customer."""

    class Processing(Parallel):
        class Payment(State):
            class Authorising(State, initial=True): ...

            class Backoff(State): ...

            class Captured(Final): ...

        class Fulfilment(State):
            class Picking(State, initial=True): ...

            class Shipping(State):
                class AwaitingCourier(State, initial=True, tags=("task",)): ...

                class InTransit(State): ...

                class Delivered(Final): ...

            class Fulfilled(Final): ...

        class Last(History, deep=True): ...

    class OnHold(State): ...

    class Completed(Final): ...

    class Cancelled(Final): ...

    @guard
    def cart_not_empty(self) -> bool:
        return True

    @guard
    def may_retry(self) -> bool:
        return self.ctx.attempts < 3

    @on(Submit, Draft, to=Processing, when=cart_not_empty)
    def reserve_stock(self, ev: Submit) -> None: ...
    @on(Edit, Draft)
    def recalculate(self, ev: Edit) -> None: ...
    @on_enter(Processing)
    def open_case(self) -> None: ...
    @on_exit(Processing)
    def close_case(self) -> None: ...
    @invoke(Processing.Payment.Authorising, timeout="30s")
    async def authorise(self) -> str:
        return await self.payments.authorise()

    authorised = authorise.done(to=Processing.Payment.Captured)
    retry = authorise.failed(to=Processing.Payment.Backoff, when=may_retry)

    @authorise.failed(to=Cancelled)
    def refund(self, ev: Failed) -> None: ...

    again = after("30s", Processing.Payment.Backoff, to=Processing.Payment.Authorising)

    @on_enter(Processing.Payment.Backoff)
    def count_attempt(self) -> None: ...
    @invoke(Processing.Fulfilment.Picking)
    async def pick(self) -> str:
        return ""

    picked = pick.done(to=Processing.Fulfilment.Shipping)

    @after("2h", Processing.Fulfilment.Picking, to=Processing.Fulfilment.Picking)
    def remind_picker(self) -> None: ...

    lost = pick.failed(to=OnHold)

    @on_enter(Processing.Fulfilment.Shipping)
    def print_label(self) -> None: ...

    ship = Processing.Fulfilment.Shipping
    collected = edge(Collected, ship.AwaitingCourier, to=ship.InTransit)
    delivered = edge(Delivered, ship.InTransit, to=ship.Delivered)
    del ship
    shipped = all_done(Processing.Fulfilment.Shipping, to=Processing.Fulfilment.Fulfilled)

    @all_done(Processing, to=Completed)
    def send_invoice(self) -> None: ...

    hold = edge(Hold, Processing, to=OnHold)
    resume = edge(Resume, OnHold, to=Processing.Last)
    expire = after("7d", OnHold, to=Cancelled)

    @on(Cancel, Processing, to=Cancelled, when=~in_state(Processing.Fulfilment.Shipping))
    def release(self, ev: Cancel) -> None: ...
    @output(Completed)
    def bill(self) -> None: ...


class Loops(StateMachine[Data]):
    """Self loops on composites, lines to ancestors and to inner states, edges of the machine itself."""

    class Idle(State, initial=True): ...

    class Work(State):
        class First(State, initial=True): ...

        class Second(State):
            class Deep(State, initial=True):
                class Deeper(State, initial=True): ...

                class Deepest(State): ...

            class Other(State): ...

        class Past(History): ...

    class Both(Parallel):
        class Left(State):
            class Wait(State, initial=True): ...

            class Ready(Final): ...

        class Right(State):
            class Wait(State, initial=True): ...

            class Ready(Final): ...

    class Gone(Final): ...

    class Broken(State): ...

    @guard
    def yes(self) -> bool:
        return True

    go = edge(Go, Idle, to=Work)
    reset = edge(Reset, Work, to=Work)
    jump = edge(Edit, Work, to=Work.Second.Other)
    next = edge(Go, Work.First, to=Work.Second)
    deep = edge(Submit, Work.First, to=Work.Second.Deep.Deepest)
    deeper = edge(Go, Work.Second.Deep.Deeper, to=Work.Second.Deep.Deepest)
    out = edge(Stop, Work.Second.Deep.Deepest, to=Both)
    up = edge(Again, Work.Second.Other, to=Work)
    start = default(Work.Past, to=Work.Second)
    back = edge(Resume, Both, to=Work.Past)
    into = edge(Collected, Idle, to=Both.Right.Ready)
    left = edge(Go, Both.Left.Wait, to=Both.Left.Ready)
    right = always(Both.Right.Wait, to=Both.Right.Ready, when=in_state(Both.Left.Ready))
    restart = edge(Again, Both.Left.Wait, to=Both)
    both_again = edge(Reset, Both, to=Both)
    done = all_done(Both, to=Gone)
    cancel = edge(Cancel, to=Gone)
    broken = edge(ActionFailed, to=Broken)

    @on(Edit)
    def note(self, ev: Edit) -> None: ...
    @on(Go, Broken, to=Broken)
    def shake(self, ev: Go) -> None: ...

    fix = edge(Reset, Broken, to=Idle)


class Jam(StateMachine[Data]):
    """Several targets at once, against the flow."""

    class Work(Parallel, initial=True):
        class Arm(State):
            class Rest(State, initial=True): ...

            class Grip(State): ...

        class Belt(State):
            class Halt(State, initial=True): ...

            class Moving(State): ...

    class Stuck(State): ...

    grip = edge(Submit, Work.Arm.Rest, to=Work.Arm.Grip)
    move = edge(Submit, Work.Belt.Halt, to=Work.Belt.Moving)
    stop = edge(Stop, Work, to=Stuck)
    again = edge(Edit, Stuck, to=(Work.Arm.Grip, Work.Belt.Moving))


class Fork(StateMachine[Data]):
    """Several targets at once."""

    class Idle(State, initial=True): ...

    class Both(Parallel):
        class Left(State):
            class A(State, initial=True): ...

            class B(State): ...

        class Middle(State): ...

        class Right(State):
            class A(State, initial=True): ...

            class B(State): ...

            class C(Final): ...

    class AnExtraordinarilyLongStateNameThatHasToBeWrappedSomewhere(State): ...

    class End(Final): ...

    @guard
    def the_answer_of_the_committee_has_arrived(self) -> bool:
        return True

    @guard
    def nobody_objected(self) -> bool:
        return True

    @on(Go, Idle, to=(Both.Left.B, Both.Right.B), when=the_answer_of_the_committee_has_arrived & nobody_objected)
    def write_a_very_long_protocol_of_everything(self, ev: Go) -> None: ...

    swap = edge(Submit, Both.Left.A, to=Both.Left.B)
    right = edge(Submit, Both.Right.A, to=Both.Right.B)
    inner = edge(Edit, Both, to=(Both.Left.A, Both.Right.C))
    cross = edge(Collected, Both.Left.B, to=Both.Right.C)
    stop = edge(Stop, Both.Middle, to=AnExtraordinarilyLongStateNameThatHasToBeWrappedSomewhere)
    left_all = edge(Hold, Both.Left, to=Idle)
    end = always(AnExtraordinarilyLongStateNameThatHasToBeWrappedSomewhere, to=End)


def many(count: int = 11) -> type[StateMachine[Data]]:
    """A long machine: a chain of composites with delays and failures."""
    body: dict[str, Any] = {"__module__": __name__, "__doc__": "A long procedure."}
    steps: list[Any] = []
    for n in range(count):
        inner = {"Wait": state("Wait", State, initial=True), "Run": state("Run", State)}
        steps.append(state(f"Step{n}", State, inner, initial=n == 0))
        body[f"Step{n}"] = steps[-1]
    body["Done"], body["Failed"] = state("Done", Final), state("Failed", Final)
    for n, step in enumerate(steps):
        body[f"go{n}"] = edge(Go, step.Wait, to=step.Run)
        body[f"next{n}"] = edge(Submit, step.Run, to=steps[n + 1] if n + 1 < count else body["Done"])
        body[f"late{n}"] = after("1h", step.Run, to=step.Wait)
        if n % 3 == 2:
            body[f"fail{n}"] = edge(Stop, step, to=body["Failed"])
    return type("Many", (StateMachine,), body)


def state(name: str, base: Any, body: dict[str, Any] | None = None, **keywords: Any) -> Any:
    """A state class made at run time."""
    return type(name, (base,), {"__module__": __name__, "__qualname__": name, **(body or {})}, **keywords)


@dataclass
class Step:
    """A microstep, as the journal and a rehearsal have it."""

    transitions: list[str]
    exited: list[str]
    entered: list[str]


@dataclass
class Entry:
    """An entry of the journal."""

    steps: list[Step]


@dataclass
class Snapshot:
    """What a drawing wants to know of a snapshot."""

    chart: Chart
    configuration: frozenset[str]
    visited: tuple[str, ...] = ()


LIVE = Snapshot(
    Order.__chart__,
    frozenset({"Processing.Payment.Backoff", "Processing.Fulfilment.Shipping.InTransit"}),
    ("Draft", "Processing.Payment.Authorising", "Processing.Fulfilment.Picking"),
)
PATH = [
    Entry([Step(["reserve_stock"], ["Draft"], ["Processing", "Processing.Payment", "Processing.Payment.Authorising"])]),
    Entry([Step(["picked"], [], ["Processing.Fulfilment.Shipping.AwaitingCourier"]), Step(["collected"], [], [])]),
    Entry([Step(["retry"], ["Processing.Payment.Authorising"], ["Processing.Payment.Backoff"])]),
]


class Regions(StateMachine[Data]):
    """Four regions of different length, one of them without children."""

    class Four(Parallel, initial=True):
        class Alpha(State):
            class A(State, initial=True): ...

            class B(Final): ...

        class Beta(State): ...

        class Gamma(State):
            class A(State, initial=True): ...

            class B(State): ...

            class C(Final): ...

        class Delta(Parallel):
            class X(State):
                class On(State, initial=True): ...

                class Off(State): ...

            class Y(State): ...

    class End(Final): ...

    alpha = edge(Go, Four.Alpha.A, to=Four.Alpha.B)
    gamma = edge(Go, Four.Gamma.A, to=Four.Gamma.B)
    delta = after("10s", Four.Gamma.B, to=Four.Gamma.C)
    toggle = edge(Go, Four.Delta.X.On, to=Four.Delta.X.Off)
    toggle_back = edge(Stop, Four.Delta.X.Off, to=Four.Delta.X.On)
    end = edge(Cancel, Four, to=End)


class Ship(StateMachine[Data]):
    """Lines that leave a middle region, and one into a region's child from outside."""

    class Port(State, initial=True): ...

    class Sea(Parallel):
        class Engine(State):
            class Off(State, initial=True): ...

            class On(State): ...

        class Radio(State):
            class Silent(State, initial=True): ...

            class Distress(State): ...

        class Crew(State):
            class Asleep(State, initial=True): ...

            class Awake(State): ...

        class Watch(History): ...

    class Rescue(State): ...

    class Sunk(Final): ...

    sail = edge(Go, Port, to=Sea)
    alarm = edge(Edit, Port, to=Sea.Crew.Awake)
    again = edge(Again, Port, to=Sea.Watch)
    start = edge(Go, Sea.Engine.Off, to=Sea.Engine.On)
    wake = edge(Go, Sea.Crew.Asleep, to=Sea.Crew.Awake)
    sos = edge(Stop, Sea.Radio.Silent, to=Sea.Radio.Distress)
    call = after("1h", Sea.Radio.Distress, to=Rescue)
    saved = edge(Resume, Rescue, to=Port)
    sink = edge(Stop, Sea.Engine.On, to=Sunk)
    crew_again = edge(Reset, Sea.Crew, to=Sea.Crew)
    order = edge(Hold, Sea.Engine.On, to=Sea.Crew.Awake)
    home = edge(Cancel, Sea, to=Port)


class Deep(StateMachine[Data]):
    """Lines across three levels, loops of composites, the same names twice."""

    class A(State, initial=True):
        class B(State, initial=True):
            class C(State, initial=True): ...

            class D(State): ...

        class E(State): ...

    class F(State):
        class B(State, initial=True):
            class C(State, initial=True): ...

            class D(State): ...

        class E(State): ...

    class End(Final): ...

    there = edge(Go, A.B.C, to=F.B.D)
    back = edge(Stop, F.B.D, to=A.B.C)
    inner = edge(Reset, A.B, to=A.B, reenter=True)
    outer = edge(Again, A, to=A, reenter=True)
    first = edge(Edit, A.B.C, to=A.B.D)
    second = edge(Submit, A.B.D, to=A.E)
    third = edge(Submit, F.B, to=F.E)
    fourth = edge(Edit, F.B.C, to=F.B.D)
    fifth = edge(Reset, F.E, to=F.B)
    end = edge(Stop, F.E, to=End)


class Routed(StateMachine[Data]):
    """A choice at the top, one in a region, work for a person, deferred events and data of a state."""

    class Size(Choice, initial=True): ...

    class Small(State): ...

    class Large(Parallel):
        class Checks(State):
            class Which(Choice, initial=True): ...

            class Quick(State): ...

            class Thorough(State): ...

        class Approval(State, tags=("task",)):
            """Somebody looks at the amount."""

            attempts: int = 0

            class Waiting(State, initial=True): ...

            class Granted(Final): ...

    class End(Final): ...

    @choose(Size)
    def size(self) -> type[Small] | type[Large]:
        return self.Small

    @choose(Large.Checks.Which)
    def which(self) -> type[Large.Checks.Quick] | type[Large.Checks.Thorough] | type[End]:
        return self.End

    later = defer(Hold, Large.Approval)
    grant = edge(Go, Large.Approval.Waiting, to=Large.Approval.Granted)
    small = edge(Go, Small, to=End)
    again = edge(Reset, Small, to=Size)
    done = edge(Stop, Large, to=End)
