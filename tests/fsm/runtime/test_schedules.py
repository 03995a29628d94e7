"""Schedules at work: each due time is fired once, in time, by whoever declares it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import MachineUnknown, OrchestratorClosed, ScheduleInvalid, ScheduleUnknown, StoreLocked
from fsm.limits import INBOX_MAX
from fsm.ports.store import Accepted, Commit
from fsm.runtime.schedules import Standing
from fsm.schedule import Schedule
from persistence import MemoryStore
from tests.fsm.runtime.desk import Add, Clock, Counter, Place, Stop, Stray, Tally, Wrapped, settled, until_async

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()


class Days:
    """Orchestrators on one virtual clock, and what they have started."""

    def __init__(self, place: Place) -> None:
        self.place, self.clock = place, Clock(NOON)

    def at_work(self, *schedules: Schedule, **more: Any) -> Orchestrator:
        """One more worker."""
        return Orchestrator(
            more.pop("store", None) or self.place.store(), [Counter], schedules=schedules, clock=self.clock, **more
        )

    async def pass_by(self, orchestrator: Orchestrator, seconds: float) -> None:
        """Let time pass, and what is due be done."""
        self.clock.now += seconds
        orchestrator.schedules.notice()
        await settled()

    async def started(self, orchestrator: Orchestrator, count: int) -> list[str]:
        """The ids of what was started, when there are so many."""

        async def there() -> bool:
            found = await orchestrator.find(machine=Counter)
            return len(found) >= count and all(one.seq > 0 for one in found)

        await until_async(there)
        return [one.id for one in await orchestrator.find(machine=Counter)]


@pytest.fixture
def days(place: Place) -> Days:
    return Days(place)


async def standing(orchestrator: Orchestrator) -> Standing:
    return (await orchestrator.schedules.list())[0]


NIGHTLY = Schedule("nightly", cron="30 2 * * *", zone="Europe/Berlin", start=Counter, data=Tally(n=7))


async def test_a_machine_is_started_at_its_time_by_the_clock_on_the_wall(days: Days) -> None:
    async with days.at_work(NIGHTLY) as orchestrator:
        for _ in range(3):
            await days.pass_by(orchestrator, 24 * 3600)
        assert await days.started(orchestrator, 3) == [
            "nightly@2026-03-29T01:00:00Z",  # 02:30 was left out that night
            "nightly@2026-03-30T00:30:00Z",
            "nightly@2026-03-31T00:30:00Z",
        ]
        snapshot = await orchestrator.get("nightly@2026-03-30T00:30:00Z").snapshot()
        assert (snapshot.context.n, snapshot.seq) == (7, 1)
        assert await standing(orchestrator) == Standing(
            "nightly",
            "30 2 * * * Europe/Berlin",
            "start Counter",
            next=datetime(2026, 4, 1, 0, 30, tzinfo=UTC),
            last=datetime(2026, 3, 31, 0, 30, tzinfo=UTC),
            said="started nightly@2026-03-31T00:30:00Z",
            paused=False,
        )


async def test_an_event_is_sent_every_so_often(days: Days) -> None:
    beat = Schedule("beat", every="15m", send=("a", lambda due: Add(by=due.minute)))
    async with days.at_work(beat) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        for _ in range(3):
            await days.pass_by(orchestrator, 900)
        await until_async(lambda: _has(counter, 90))
        assert [entry.event for entry in await counter.history()] == ["start", "Add", "Add", "Add"]


async def _has(counter: Any, n: int) -> bool:
    return bool((await counter.snapshot()).context.n == n)


async def test_every_due_time_is_fired_by_one_of_many_workers(days: Days) -> None:
    """Also when all of them read the row before any of them writes."""
    hourly = Schedule("hourly", every="1h", start=Counter, missed="all")
    async with days.at_work(hourly) as one, days.at_work(hourly) as two, days.at_work(hourly) as three:
        days.clock.now += 10 * 3600
        async with anyio.create_task_group() as group:
            for orchestrator in (one, two, three):
                group.start_soon(orchestrator._fleet.schedules._look)
        found = await days.started(one, 10)
        assert found == [f"hourly@2026-03-28T{hour}:00:00Z" for hour in range(13, 23)]
        assert [len(await one.get(id).history()) for id in found] == [1] * 10


@pytest.mark.parametrize(("missed", "hours"), [("all", [13, 14, 15]), ("one", [15]), ("skip", [])])
async def test_what_was_missed_while_nobody_was_there_is_dealt_with_as_declared(
    days: Days, missed: Any, hours: list[int]
) -> None:
    hourly = Schedule("hourly", every="1h", start=Counter, missed=missed)
    async with days.at_work(hourly):
        pass
    days.clock.now += 3.5 * 3600
    async with days.at_work(hourly) as orchestrator:
        await settled()
        assert await days.started(orchestrator, len(hours)) == [f"hourly@2026-03-28T{h}:00:00Z" for h in hours]
        now = await standing(orchestrator)
        assert now.next == datetime(2026, 3, 28, 16, tzinfo=UTC)
        assert now.said == (f"started hourly@2026-03-28T{hours[-1]}:00:00Z" if hours else "missed")
        assert now.last == (datetime(2026, 3, 28, 15, tzinfo=UTC) if hours else None)


async def test_one_at_rest_fires_nothing_until_it_goes_on(days: Days) -> None:
    hourly = Schedule("hourly", every="1h", start=Counter)
    async with days.at_work(hourly) as orchestrator:
        await orchestrator.schedules.pause("hourly")
        await days.pass_by(orchestrator, 3 * 3600)
        assert (await standing(orchestrator)).paused
        assert await orchestrator.find() == []
        await orchestrator.schedules.resume("hourly")
        assert await days.started(orchestrator, 1) == ["hourly@2026-03-28T15:00:00Z"]
        with pytest.raises(ScheduleUnknown, match="no schedule 'daily'"):
            await orchestrator.schedules.pause("daily")


async def test_it_stays_at_rest_through_a_restart(days: Days) -> None:
    hourly = Schedule("hourly", every="1h", start=Counter)
    async with days.at_work(hourly) as orchestrator:
        await orchestrator.schedules.pause("hourly")
    async with days.at_work(hourly) as orchestrator:
        await days.pass_by(orchestrator, 3 * 3600)
        assert await orchestrator.find() == []


async def test_a_worker_of_an_older_release_leaves_another_rhythm_alone(days: Days) -> None:
    hourly, later = (Schedule("s", every=every, start=Counter) for every in ("1h", "2h"))
    async with days.at_work(hourly) as older, days.at_work(later) as newer:
        await days.pass_by(older, 3600)
        assert await newer.find() == []
        await days.pass_by(newer, 3600)
        assert await days.started(newer, 1) == ["s@2026-03-28T14:00:00Z"]


async def test_a_rhythm_that_nobody_fires_any_more_gives_way(days: Days) -> None:
    """A worker of an older release was started late, and is gone."""
    hourly, later = (Schedule("s", every=every, start=Counter) for every in ("1h", "2h"))
    async with days.at_work(later) as newer:
        async with days.at_work(hourly):
            pass
        await days.pass_by(newer, 3600 + 59)
        assert (await standing(newer)).rhythm == "every 1h"
        await days.pass_by(newer, 2)
        assert (await standing(newer)).rhythm == "every 2h"
        await days.pass_by(newer, 7200)
        assert await days.started(newer, 1) == ["s@2026-03-28T15:01:01Z"]


async def test_nothing_is_sent_to_what_is_not_there_or_has_ended(days: Days, caplog: pytest.LogCaptureFixture) -> None:
    async with days.at_work(Schedule("beat", every="1m", send=("a", Add()))) as orchestrator:
        await days.pass_by(orchestrator, 60)
        assert (await standing(orchestrator)).said == "there is no a"
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Stop())
        await days.pass_by(orchestrator, 60)
        assert (await standing(orchestrator)).said == "a is done"
        assert [entry.event for entry in await counter.history()] == ["start", "Stop"]
    assert "schedule beat: nothing was sent, a is done" in caplog.text


async def test_what_cannot_be_made_is_told_once_and_tried_again(days: Days, caplog: pytest.LogCaptureFixture) -> None:
    broken = [True]

    def data(due: datetime) -> Tally:
        if broken:
            raise OSError("no rates today")
        return Tally(n=due.day)

    async with days.at_work(Schedule("hourly", every="1h", start=Counter, data=data)) as orchestrator:
        for seconds in (3600, 1, 1):
            await days.pass_by(orchestrator, seconds)
        assert (
            caplog.text.count("schedule hourly: what is due at 2026-03-28T13:00:00+00:00 cannot be done: no rates") == 1
        )
        broken.clear()
        await days.pass_by(orchestrator, 1)
        assert await days.started(orchestrator, 1) == ["hourly@2026-03-28T13:00:00Z"]


async def test_what_a_full_inbox_does_not_take_is_sent_when_there_is_room(
    memory: Place, caplog: pytest.LogCaptureFixture
) -> None:
    days = Days(memory)
    async with days.at_work(Schedule("beat", every="1m", send=("a", Add()))) as orchestrator:
        await orchestrator.start(Counter, id="a")
        await orchestrator.pause("a")
        waiting = [Accepted("a", f"r{n}", "Add", "{}") for n in range(INBOX_MAX)]
        await memory.store().commit([Commit("a", accepted=waiting)])
        for seconds in (60, 1):
            await days.pass_by(orchestrator, seconds)
        assert caplog.text.count("cannot be done: 10,000 events wait for 'a' already") == 1
        assert (await standing(orchestrator)).said == ""
        await memory.store().commit([Commit("a", settled=[Accepted("a", "r0", "Add", "{}", state="refused")])])
        await days.pass_by(orchestrator, 1)
        assert (await standing(orchestrator)).said == "sent Add to a"


async def test_an_event_that_the_instance_does_not_know_is_not_sent(
    days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    async with days.at_work(Schedule("beat", every="1m", send=("a", Stray()))) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await days.pass_by(orchestrator, 60)
        assert "schedule beat: what is due at 2026-03-28T12:01:00+00:00 cannot be done" in caplog.text
        assert "Stray" in caplog.text
        assert (await counter.snapshot()).seq == 1


async def test_a_store_in_trouble_delays_what_is_due(memory: Place, caplog: pytest.LogCaptureFixture) -> None:
    days, store = Days(memory), Wrapped(memory.store())
    one, two = (Schedule(name, every="1h", start=Counter) for name in ("one", "two"))
    async with days.at_work(one, two, store=store) as orchestrator:
        store.failing.append(StoreLocked("busy"))
        await days.pass_by(orchestrator, 3600)
        assert "schedule one: what is due cannot be written: busy" in caplog.text
        assert await days.started(orchestrator, 1) == ["two@2026-03-28T13:00:00Z"]
        await days.pass_by(orchestrator, 1)
        assert (await days.started(orchestrator, 2))[0] == "one@2026-03-28T13:00:00Z"


async def test_rows_that_cannot_be_read_are_read_again(
    memory: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    days, store = Days(memory), memory.store()
    async with days.at_work(Schedule("hourly", every="1h", start=Counter), store=store) as orchestrator:
        with monkeypatch.context() as patch:
            patch.setattr(store, "schedules", _busy)
            await days.pass_by(orchestrator, 3600)
        assert "cannot fire what is scheduled: busy" in caplog.text
        await days.pass_by(orchestrator, 1)
        assert await days.started(orchestrator, 1) == ["hourly@2026-03-28T13:00:00Z"]


async def _busy() -> None:
    raise StoreLocked("busy")


def test_what_does_not_fit_is_refused_before_anything_runs() -> None:
    def made(*schedules: Schedule) -> Callable[[], Orchestrator]:
        return lambda: Orchestrator(
            MemoryStore(), [Counter] if schedules[0].name != "alone" else [], schedules=schedules
        )

    wrong: Any = Add()
    twice = Schedule("twice", every="1h", start=Counter)
    for make, error, said in (
        (made(twice, twice), ScheduleInvalid, r"Schedule\('twice'\): another one has the same name"),
        (
            made(Schedule("wrong", every="1h", start=Counter, data=wrong)),
            ScheduleInvalid,
            r"Schedule\('wrong'\): data=",
        ),
        (made(Schedule("alone", every="1h", start=Counter)), MachineUnknown, "add it to machines="),
    ):
        with pytest.raises(error, match=said):
            make()


async def test_they_are_asked_for_while_the_orchestrator_runs(memory: Place) -> None:
    with pytest.raises(OrchestratorClosed):
        _ = Days(memory).at_work(NIGHTLY).schedules


def test_they_are_asked_through_the_blocking_door_too(memory: Place) -> None:
    with Days(memory).at_work(NIGHTLY).blocking() as orders:
        orders.schedules.pause("nightly")
        assert [one.paused for one in orders.schedules.list()] == [True]
