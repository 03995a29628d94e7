"""The laws that every engine keeps when processes die, freeze or come back with other code."""

from __future__ import annotations

import signal

import anyio
import pytest

from fsm.errors import NondeterministicTurn
from fsm.ports.engine import Engine, Handle
from tests.engines.hosts import Host, until
from tests.engines.shop import End, Hasty, Note, Shop, Wider

pytestmark = pytest.mark.anyio


async def test_a_call_that_was_cut_short_is_made_again_with_its_key_and_a_finished_one_is_not(lasting: Host) -> None:
    ledger = lasting.ledger
    worker = lasting.work("start:A", "pay:A", slow=30)
    await until(lambda: ledger.lines("ship begins"))
    lasting.kill(worker)
    async with lasting.engine() as engine:
        await _until_paid(engine.get("A"))
    attempts = [[line["attempt"] for line in ledger.lines(v)] for v in ("trusts", "charge", "ship begins", "ship ends")]
    assert attempts == [[1], [1], [1, 2], [2]]
    assert len({line["key"] for line in ledger.lines("ship begins")}) == 1


async def test_calls_made_together_are_made_again_as_far_as_they_were_cut_short(lasting: Host) -> None:
    ledger = lasting.ledger
    worker = lasting.work("start:A", "twice:A", slow=30)
    await until(lambda: ledger.lines("ship begins") and ledger.lines("charge"))
    lasting.kill(worker)
    async with lasting.engine() as engine:
        await _until_paid(engine.get("A"))
    assert [len(ledger.lines(verb)) for verb in ("ship begins", "ship ends")] == [2, 1]
    for verb in ("charge", "ship begins"):  # the charge has ended, but perhaps nobody had written its answer down
        assert len({line["key"] for line in ledger.lines(verb)}) == 1


async def test_time_and_chance_of_a_turn_are_the_same_when_it_is_evaluated_again(lasting: Host) -> None:
    worker = lasting.work("start:A", "pay:A", slow=30)
    await until(lambda: lasting.ledger.lines("ship begins"))
    lasting.kill(worker)
    async with lasting.engine() as engine:
        await _until_paid(engine.get("A"))
        entries = await engine.get("A").history()
        assert [entry.seq for entry in entries] == [1, 2]
        assert (await engine.get("A").snapshot()).context.code


async def test_an_invoke_that_was_cut_short_runs_again(lasting: Host) -> None:
    ledger = lasting.ledger
    worker = lasting.work("start:A", "fetch:A", slow=30)
    await until(lambda: ledger.lines("fetch begins"))
    lasting.kill(worker)
    async with lasting.engine() as engine:
        with anyio.fail_after(20):
            while (await engine.get("A").snapshot()).context.fetched != "fetched x":
                await anyio.sleep(0.02)
    assert [[line["attempt"] for line in ledger.lines(verb)] for verb in ("fetch begins", "fetch ends")] == [
        [1, 2],
        [2],
    ]
    assert len({line["key"] for line in ledger.lines("fetch begins")}) == 1


async def test_a_timer_that_came_due_while_nothing_ran_fires_once(lasting: Host) -> None:
    worker = lasting.work("start:A", "rest:A")
    await until((lasting.folder / "ready").exists)
    await anyio.sleep(0.1)
    lasting.kill(worker)
    await anyio.sleep(0.5)
    async with lasting.engine() as engine:
        shop = engine.get("A")
        with anyio.fail_after(20):
            while (await shop.snapshot()).context.fired == 0:
                await anyio.sleep(0.02)
        await shop.send(Note(n=1))
        assert (await shop.snapshot()).context.fired == 1


async def test_who_was_frozen_can_write_nothing_when_it_wakes(lasting: Host) -> None:
    ledger = lasting.ledger
    worker = lasting.work("start:A", "pay:A", slow=1.0)
    await until(lambda: ledger.lines("ship begins"))
    lasting.kill(worker, signal.SIGSTOP)
    try:
        async with lasting.asking() as engine:
            if lasting.kind == "restate":  # others take over where they are at the same address: here nobody is
                await anyio.sleep(3.0)  # the server has given the connection up
                lasting.kill(worker, signal.SIGCONT)
            await _until_paid(engine.get("A"))
            lasting.kill(worker, signal.SIGCONT)
            await until(lambda: len(ledger.lines("ship ends")) >= 2)
            await anyio.sleep(0.3)
            await engine.get("A").send(Note(n=1))
            snapshot = await engine.get("A").snapshot()
            assert (snapshot.seq, snapshot.context.paid) == (3, ["charged 5", "shipped 5"])
            assert len({line["key"] for line in ledger.lines("ship ends")}) == 1
    finally:
        lasting.kill(worker)


async def test_open_instances_go_on_in_the_next_release(lasting: Host) -> None:
    async with lasting.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Note(n=1))
    async with lasting.engine([Wider]) as engine:
        shop = engine.get("A")
        await shop.send(Note(n=1))
        await shop.send(End())
        assert await shop.result(timeout=15) == 101
        assert (await shop.snapshot()).context.code == "second release"


async def test_other_code_for_a_turn_that_was_cut_short_is_told_and_nobody_waits_for_ever(lasting: Host) -> None:
    worker = lasting.work("start:A", "pay:A", slow=30)
    await until(lambda: lasting.ledger.lines("ship begins"))
    lasting.kill(worker)
    async with lasting.engine([Hasty]) as engine:
        if lasting.kind == "restate":  # it repeats the turn where it began, and cannot be told to park it
            with pytest.raises(NondeterministicTurn, match="restate invocations kill inv_"):
                await _skipped(engine, "A")
        else:
            with anyio.fail_after(30):
                while not (found := await engine.incidents()):
                    await anyio.sleep(0.02)
            assert [one.kind for one in found] == ["NondeterministicTurn"]
            await engine.skip("A", by="ann")
            await engine.get("A").send(End())


async def _skipped(engine: Engine, id: str) -> None:
    with anyio.fail_after(30):
        while True:
            with anyio.move_on_after(2):
                await engine.skip(id, by="ann")


async def _until_paid(shop: Handle) -> None:
    with anyio.fail_after(30):
        while not (await shop.snapshot()).context.paid:
            await anyio.sleep(0.02)
