"""A child machine lives as long as the state that invoked it, and neither outlives a crash differently."""

from __future__ import annotations

import pytest

from fsm import Context, Done, Event, Failed, Final, Orchestrator, Signal, State, StateMachine, edge, invoke, on, output
from fsm.chart.chart import Handler, Trigger
from fsm.chart.sketch import InvokeSketch, Sketch, StateSketch, TransitionSketch, machine_of
from fsm.chart.state import Kind
from tests.fsm.runtime.desk import Place, until_async

pytestmark = pytest.mark.anyio


class Packed(Event): ...


class Stop(Event): ...


class Remind(Event): ...


class Contents(Context):
    n: int = 0


class Parcel(StateMachine[Contents, Packed, int]):
    class Open(State, initial=True): ...

    class Closed(Final): ...

    @on(Packed, Open, to=Closed)
    def pack(self) -> None:
        self.ctx.n += 1

    @output(Closed)
    def count(self) -> int:
        return self.ctx.n


class OrderData(Context):
    got: int = 0
    failed: str = ""
    reminded: int = 0


class Order(StateMachine[OrderData, Packed | Stop | Remind]):
    class Packing(State, initial=True): ...

    class Waiting(State): ...

    class Ended(Final): ...

    @invoke(Packing, machine=Parcel, forward=[Packed], timeout="1h")
    def parcel(self) -> Contents:
        return Contents(n=4)

    @parcel.done(to=Waiting)
    def keep(self, ev: Done[int]) -> None:
        self.ctx.got = ev.data

    @parcel.failed(to=Waiting)
    def note(self, ev: Failed) -> None:
        self.ctx.failed = ev.error.kind

    again = edge(Remind, Waiting, to=Packing)

    @on(Stop, to=Ended)
    def stop(self) -> None: ...


async def statuses(orchestrator: Orchestrator) -> dict[str, str]:
    return {found.id: found.status for found in await orchestrator.find()}


async def test_a_child_gets_its_data_and_forwarded_events_and_answers_with_its_output(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        await order.send(Packed())

        async def answered() -> bool:
            return (await order.snapshot()).context.got == 5

        await until_async(answered)
        assert await statuses(orchestrator) == {"a": "running", "a/parcel.1": "done"}


async def test_a_child_is_cancelled_when_its_state_is_left(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        await order.send(Stop())

        async def cancelled() -> bool:
            return await statuses(orchestrator) == {"a": "done", "a/parcel.1": "cancelled"}

        await until_async(cancelled)


async def test_a_cancelled_child_is_a_failed_invoke(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        await orchestrator.cancel("a/parcel.1")

        async def told() -> bool:
            return (await order.snapshot()).context.failed == "Cancelled"

        await until_async(told)


async def test_every_stay_has_a_child_of_its_own(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        order = await orchestrator.start(Order, id="a")
        for number in (1, 2):
            await order.send(Packed())

            async def waits() -> bool:
                return (await order.snapshot()).configuration == {"Waiting"}

            await until_async(waits)
            if number == 1:
                await order.send(Remind())
        assert await statuses(orchestrator) == {"a": "running", "a/parcel.1": "done", "a/parcel.2": "done"}


async def test_parent_and_child_go_on_after_a_restart(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        await orchestrator.start(Order, id="a")
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        order = orchestrator.get("a", Order)
        await order.send(Packed())

        async def answered() -> bool:
            return (await order.snapshot()).context.got == 5

        await until_async(answered)


async def test_a_child_whose_time_is_over_is_cancelled_and_a_failure(place: Place) -> None:
    now = 1_000_000.0
    async with Orchestrator(place.store(), [Order], clock=lambda: now) as orchestrator:
        await orchestrator.start(Order, id="a")
    now += 3601
    async with Orchestrator(place.store(), [Order], clock=lambda: now) as orchestrator:
        order = orchestrator.get("a", Order)

        async def told() -> bool:
            return (await order.snapshot()).context.failed == "TimeoutError"

        async def cancelled() -> bool:
            return (await statuses(orchestrator))["a/parcel.1"] == "cancelled"

        await until_async(told)
        await until_async(cancelled)


def talking(name: str, *, child: type[StateMachine] | None = None) -> type[StateMachine]:
    """A machine made from values: the child greets its parent, the parent keeps who greeted."""

    def greet(machine: StateMachine, event: object) -> None:
        machine.send(Signal(name="hello"), machine.parent)

    def keep(machine: StateMachine, event: Signal) -> None:
        machine.ctx.said = f"{event.invoke} {event.origin}"  # type: ignore[attr-defined]

    class Said(Context):
        said: str = ""

    work = StateSketch("work", entry=() if child is not None else (Handler("greet", greet, greet),))
    states = [work, StateSketch("end", Kind.FINAL)]
    on_hello = Trigger("event", names=("hello",))
    edges = [TransitionSketch("work", on_hello, actions=(Handler("keep", keep, keep),))]
    invokes = []
    if child is not None:
        made = child
        invokes = [InvokeSketch("kid", "work", child=lambda m, e: (made, None), machines={made.__chart__.name: made})]
    root = StateSketch("", Kind.COMPOUND, states)
    return machine_of(Sketch(name, root, edges, invokes, context=Said), StateMachine)


async def test_a_signal_from_a_child_says_where_it_comes_from(place: Place) -> None:
    parent = talking("Parent", child=talking("Child"))
    async with Orchestrator(place.store(), [parent]) as orchestrator:
        instance = await orchestrator.start(parent, id="p")

        async def said() -> bool:
            return "said='kid p/kid.1'" in repr((await instance.snapshot()).context)

        await until_async(said)


class Alarm(StateMachine[OrderData, Packed | Remind | Stop]):
    """Reminds itself in an hour, unless it is told not to."""

    class Waiting(State, initial=True): ...

    @on(Packed, Waiting)
    def later(self) -> None:
        self.send(Remind(), delay="1h", id="reminder")

    @on(Stop, Waiting)
    def never(self) -> None:
        self.cancel_send("reminder")

    @on(Remind, Waiting)
    def remind(self) -> None:
        self.ctx.reminded += 1


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_a_named_delayed_event_can_be_taken_back_after_a_restart(place: Place, withdrawn: bool) -> None:
    now = 1_000_000.0
    async with Orchestrator(place.store(), [Alarm], clock=lambda: now) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        await alarm.send(Packed())
    async with Orchestrator(place.store(), [Alarm], clock=lambda: now) as orchestrator:
        if withdrawn:
            await orchestrator.get("a", Alarm).send(Stop())
    now += 3601
    async with Orchestrator(place.store(), [Alarm], clock=lambda: now) as orchestrator:
        alarm = orchestrator.get("a", Alarm)
        if withdrawn:
            await alarm.send(Stop())
            assert (await alarm.snapshot()).context.reminded == 0
        else:

            async def reminded() -> bool:
                return (await alarm.snapshot()).context.reminded == 1

            await until_async(reminded)


class Asker(StateMachine[Contents, Packed, str]):
    class Open(State, initial=True): ...

    class Closed(Final): ...

    @invoke(Open)
    async def ask(self) -> str:
        return self.parent

    @ask.done(to=Closed)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.n = len(ev.data)

    @output(Closed)
    def told(self) -> str:
        return "x" * self.ctx.n


class Family(StateMachine[Contents, Packed, str]):
    class Open(State, initial=True): ...

    class Closed(Final): ...

    @invoke(Open, machine=Asker)
    def asker(self) -> Contents:
        return Contents()

    @asker.done(to=Closed)
    def keep(self, ev: Done[str]) -> None:
        self.ctx.n = len(ev.data)

    @output(Closed)
    def told(self) -> str:
        return "x" * self.ctx.n


async def test_an_invoke_of_a_child_knows_its_parent(place: Place) -> None:
    async with Orchestrator(place.store(), [Family, Asker]) as orchestrator:
        assert await (await orchestrator.start(Family, id="four")).result(timeout=30) == "xxxx"
