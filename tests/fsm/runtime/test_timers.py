"""Timers are kept, fire once for each stay, and at once when their time passed during a downtime."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Orchestrator, State, StateMachine, after
from fsm.errors import StoreFull
from tests.fsm.runtime.desk import Add, Alarm, Clock, Open, Place, Stop, Tally, Wrapped, settled, until_async

pytestmark = pytest.mark.anyio


async def rings(alarm: Any) -> bool:
    return set((await alarm.snapshot()).configuration) == {"Ringing"}


async def test_a_timer_fires_when_its_time_has_come_and_not_before(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Alarm])) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        assert [t[2] for t in (await alarm.snapshot()).timers] == [clock.now + 60]
        clock.advance(orchestrator, 59)
        await alarm.send(Add())
        clock.advance(orchestrator, 59)
        await settled()
        assert not await rings(alarm)
        clock.advance(orchestrator, 1)
        await until_async(lambda: rings(alarm))
        assert not (await alarm.snapshot()).timers
        assert [e.event for e in await alarm.history()] == ["start", "Add", "after:Quiet#ring"]


async def test_a_timer_whose_time_passed_during_a_downtime_fires_at_once_and_once(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Alarm])) as orchestrator:
        await orchestrator.start(Alarm, id="a")
    clock.now += 1_000
    async with clock.drive(Orchestrator(place.store(), [Alarm])) as orchestrator:
        alarm = orchestrator.get("a", Alarm)
        await until_async(lambda: rings(alarm))
        clock.advance(orchestrator, 1_000)
        await settled()
        assert [e.event for e in await alarm.history()] == ["start", "after:Quiet#ring"]


async def test_an_event_accepted_before_a_timer_came_due_goes_first(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Alarm])) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        await orchestrator.pause("a")
        clock.now += 30
        await alarm.send(Add(), wait="accepted")
        clock.now += 1_000
    async with clock.drive(Orchestrator(place.store(), [Alarm])) as orchestrator:
        alarm = orchestrator.get("a", Alarm)
        await orchestrator.resume("a")
        await alarm.send(Add())
        assert [e.event for e in await alarm.history()] == ["start", "Add", "Add"]


async def test_a_paused_instance_rings_when_it_goes_on(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Alarm])) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        await orchestrator.pause("a")
        clock.advance(orchestrator, 100)
        await settled()
        assert not await rings(alarm)
        await orchestrator.resume("a")
        await until_async(lambda: rings(alarm))


async def test_an_ended_instance_has_no_timers(place: Place) -> None:
    async with Orchestrator(place.store(), [Alarm]) as orchestrator:
        for id in ("a", "b"):
            await orchestrator.start(Alarm, id=id)
        await orchestrator.get("a").send(Stop())
        await orchestrator.cancel("b")
        for id in ("a", "b"):
            assert not (await orchestrator.get(id).snapshot()).timers
        assert not (await place.loaded("a")).timers


class Metronome(StateMachine[Tally, Stop]):
    """Beats."""

    class Here(State, initial=True): ...

    @after("2ms", Here, to=Here)
    def beat(self) -> None:
        self.ctx.n += 1


async def test_a_timer_set_anew_by_its_own_turn_goes_on(place: Place) -> None:
    async with Orchestrator(place.store(), [Metronome]) as orchestrator:
        metronome = await orchestrator.start(Metronome, id="a")
        await until_async(lambda: _beats(metronome, 3))
    async with Orchestrator(place.store(), [Metronome]) as orchestrator:
        metronome = orchestrator.get("a", Metronome)
        await until_async(lambda: _beats(metronome, 6))
        seqs = [e.seq for e in await metronome.history()]
        assert seqs == list(range(1, len(seqs) + 1))


async def _beats(metronome: Any, count: int) -> bool:
    return bool((await metronome.snapshot()).context.n >= count)


async def test_a_timer_whose_turn_cannot_be_written_fires_again(place: Place) -> None:
    store = Wrapped(place.store())
    clock = Clock()
    async with clock.drive(Orchestrator(store, [Alarm])) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        store.failing.append(StoreFull("no room"))
        clock.advance(orchestrator, 60)
        await until_async(lambda: rings(alarm))
        assert not store.failing
        assert [e.event for e in await alarm.history()] == ["start", "after:Quiet#ring"]
        await alarm.send(Open())
        assert len((await alarm.snapshot()).timers) == 1
