"""Orchestrators on a disk that is full, on a file that cannot be written, and with clocks that jump."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import StoreFull, StoreReadOnly
from persistence import SQLStore
from tests.fsm.runtime.conftest import file, place
from tests.fsm.runtime.desk import Add, Alarm, Clock, Counter, Open, Place, Stop, settled, until, until_async

__all__ = ["file", "place"]

pytestmark = pytest.mark.anyio

HOUR = 3600.0


def pragma(store: SQLStore, text: str) -> Any:
    """Tell the connection of a store something."""
    return store._link._connection.execute(f"PRAGMA {text}").fetchone()  # type: ignore[union-attr]


async def test_on_a_full_disk_senders_are_told_and_everything_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = SQLStore(tmp_path / "fsm.db", synchronous="NORMAL")
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter, told, sent = await orchestrator.start(Counter, id="a"), 0, 0
        (pages,) = pragma(store, "page_count")
        pragma(store, f"max_page_count={pages + 2}")
        with anyio.fail_after(5):
            while told < 3:
                try:
                    await counter.send(Add(), key=f"k{sent}")
                    sent += 1
                except StoreFull:
                    told += 1
        pragma(store, f"max_page_count={pages + 1000}")
        await counter.send(Add(), key=f"k{sent}")
        assert (await counter.snapshot()).context.n == sent + 1
        assert [entry.seq for entry in await counter.history()] == list(range(1, sent + 3))


async def test_while_the_file_cannot_be_written_senders_are_told_and_afterwards_everything_goes_on(
    tmp_path: Path,
) -> None:
    store = SQLStore(tmp_path / "fsm.db", synchronous="NORMAL")
    async with Orchestrator(store, [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        pragma(store, "query_only=ON")
        for _ in range(3):
            with pytest.raises(StoreReadOnly):
                await counter.send(Add(), key="k")
        pragma(store, "query_only=OFF")
        await counter.send(Add(), key="k")
        assert ((await counter.snapshot()).context.n, len(await counter.history())) == (1, 2)


async def is_at(orchestrator: Orchestrator, state: str) -> bool:
    return (await orchestrator.get("a").snapshot()).configuration == {state}


async def test_a_clock_that_jumps_ahead_fires_a_timer_once(place: Place) -> None:
    clock = Clock()
    async with Orchestrator(place.store(), [Alarm], clock=clock) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        clock.now += HOUR  # nobody is told
        await until_async(lambda: is_at(orchestrator, "Ringing"))
        clock.now -= HOUR
        await alarm.send(Open())
        await settled()
        assert [entry.event for entry in await alarm.history()] == ["start", "after:Quiet#ring", "Open"]


async def test_a_clock_that_jumps_back_fires_no_timer_early_and_loses_none(place: Place) -> None:
    clock = Clock()
    async with Orchestrator(place.store(), [Alarm], clock=clock) as orchestrator:
        alarm = await orchestrator.start(Alarm, id="a")
        clock.advance(orchestrator, -HOUR)
        await alarm.send(Add())  # the timer of the second stay is due an hour before that of the first
        clock.advance(orchestrator, 59)
        await settled()
        assert await is_at(orchestrator, "Quiet")
        clock.advance(orchestrator, 2)
        await until_async(lambda: is_at(orchestrator, "Ringing"))
        clock.advance(orchestrator, HOUR)
        await settled()
        assert len(await alarm.history()) == 3


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
async def test_when_the_clock_of_the_store_jumps_nothing_is_done_twice_and_the_dead_are_known(
    file: Place, seconds: float
) -> None:
    one, two = (Orchestrator(file.store(), [Counter], lease_seconds=0.3) for _ in "12")
    async with one, two:
        counters = [await by.start(Counter, id=id) for by, id in ((one, "a"), (two, "b"))]
        store = SQLStore(file.path, synchronous="NORMAL")
        await store.open(owner=False)
        link: Any = store._link
        link._connection.execute(f"UPDATE worker SET beat = beat - {seconds}")
        for number in range(20):
            for counter in counters:
                await counter.send(Add(), key=f"k{number}")
            await anyio.sleep(0.01)
        for counter in counters:
            assert (await counter.snapshot()).context.n == 20
            assert len({entry.cause for entry in await counter.history()}) == 21
        await counters[0].send(Stop())
        # Somebody who died before the clock was set back is known to be dead all the same.
        link._connection.execute("INSERT INTO worker VALUES ('gone', 9e9, 0.3)")
        link._connection.execute("UPDATE ready SET worker = 'gone' WHERE instance = 'b'")
        for claims in (one._fleet.claims, two._fleet.claims):
            claims.mine.clear()
        await until(lambda: "b" in one._fleet.claims.mine | two._fleet.claims.mine)
        await store.close()
