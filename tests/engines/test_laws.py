"""The laws that every engine keeps, as far as one process can show them."""

from __future__ import annotations

import anyio
import pytest

from fsm.errors import InstanceCancelled, InstanceEnded, InstanceExists, InstanceParked, InstanceUnknown, Refused
from fsm.ports.engine import Engine, Handle
from tests.engines.hosts import Host, until
from tests.engines.shop import Brief, Data, Early, End, Fetch, Leave, Note, Pay, Rest, Shop, Sum, Tell

pytestmark = pytest.mark.anyio


async def test_events_of_one_sender_are_taken_in_order(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        for n in range(10):
            await shop.send(Note(n=n))
        assert (await shop.snapshot()).context.seen == list(range(10))


async def test_the_journal_numbers_turns_without_gaps(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        for n in range(3):
            await shop.send(Note(n=n))
        assert [entry.seq for entry in await shop.history()] == [1, 2, 3, 4]


async def test_the_same_key_is_the_same_event(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        first = await shop.send(Note(n=1), key="k")
        again = await shop.send(Note(n=1), key="k")
        assert (first.seq, again.seq) == (2, 2)
        assert (await shop.snapshot()).context.seen == [1]


async def test_the_same_key_at_the_same_moment_is_one_event(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        steps = []

        async def send() -> None:
            steps.append(await shop.send(Pay(amount=3), key="k"))

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(send)
        assert {step.seq for step in steps} == {2}
        assert len(host.ledger.lines("charge")) == 1


async def test_the_same_start_is_the_same_instance_and_another_is_refused(host: Host) -> None:
    async with host.engine() as engine:
        await engine.start(Shop, Data(code="x"), id="A")
        await engine.start(Shop, Data(code="x"), id="A")
        with pytest.raises(InstanceExists):
            await engine.start(Shop, Data(code="y"), id="A")
        assert len(await engine.get("A").history()) == 1


async def test_an_unknown_instance_is_told(host: Host) -> None:
    async with host.engine() as engine:
        with pytest.raises(InstanceUnknown):
            await engine.get("nobody").send(Note())


async def test_guards_and_actions_make_their_calls_once(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Pay(amount=5))
        await shop.send(Pay(amount=500))
        context = (await shop.snapshot()).context
    assert (context.paid, context.failed) == (["charged 5", "shipped 5"], "not trusted")
    verbs = [line["verb"] for line in host.ledger.lines()]
    assert verbs == ["trusts", "charge", "ship begins", "ship ends", "trusts"]


async def test_calls_of_a_turn_can_be_made_together(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Pay(amount=5, twice=True))
        assert (await shop.snapshot()).context.paid == ["charged 5", "shipped 5"]


async def test_every_call_has_a_key_of_its_own_that_is_in_the_journal(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Pay(amount=5))
        await shop.send(Pay(amount=5))
        calls = [call.method for entry in await shop.history() for call in entry.calls]
    assert len({line["key"] for line in host.ledger.lines("charge")}) == 2
    assert sorted(calls) == sorted(["bank.trusts", "bank.charge", "bank.ship"] * 2)


async def test_a_failing_service_parks_the_instance_and_a_retry_repeats_only_what_failed(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        with pytest.raises(InstanceParked):
            await shop.send(Pay(amount=66))
        assert (await engine.health()).parked == ("A",)
        assert [incident.instance for incident in await engine.incidents()] == ["A"]
        with pytest.raises(InstanceParked):
            await shop.send(Note(n=2))
        await engine.skip("A", by="ann")
        await shop.send(Note(n=3))
        assert (await shop.snapshot()).context.seen == [2, 3]
        assert len(host.ledger.lines("trusts")) == 1
        assert (await engine.health()).healthy


async def test_a_retry_answers_from_the_journal_what_had_succeeded(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        with pytest.raises(InstanceParked):
            await shop.send(Pay(amount=66), key="pay")
        await engine.retry("A")
        await _until_incidents(engine, 2)
        assert len(host.ledger.lines("trusts")) == 1


async def test_a_refused_event_changes_nothing_and_a_deferred_one_comes_back(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Early(), wait="accepted")
        await shop.send(Rest())
        await _until(shop, lambda context: context.early == 1)


async def test_questions_are_answered_and_the_same_key_gives_the_same_answer(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Note(n=4))
        assert await shop.ask(Sum(), key="q") == 4
        await shop.send(Note(n=4))
        assert await shop.ask(Sum(), key="q") == 4
        assert await shop.ask(Sum()) == 8


async def test_a_timer_fires_once(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Rest())
        await shop.wait_for(Shop.Open, timeout=10)
        await shop.send(Note())
        assert (await shop.snapshot()).context.fired == 1
        assert [entry.event for entry in await shop.history()].count("after.Resting.400ms") <= 1


async def test_a_timer_of_a_state_that_was_left_never_fires(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Rest())
        await shop.send(Leave())
        await anyio.sleep(0.6)  # longer than the timer
        assert (await shop.snapshot()).context.fired == 1
        assert [entry.cause.partition(":")[0] for entry in await shop.history()].count("timer") == 0


async def test_an_invoke_runs_beside_and_its_result_comes_back(host: Host) -> None:
    host.slow = 0.2
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Fetch(what="book"))
        await shop.send(Note(n=1))
        assert (await shop.snapshot()).context.fetched == ""
        await _until(shop, lambda context: context.fetched == "fetched book")
        assert (await shop.snapshot()).context.seen == [1]


async def test_a_failing_invoke_becomes_an_event(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Fetch(what="broken"))
        await _until(shop, lambda context: "broken" in context.failed)


async def test_leaving_the_state_cancels_its_invoke(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Fetch(what="long"))
        await until(lambda: host.ledger.lines("fetch begins"))
        await shop.send(Leave())
        await shop.send(Fetch(what="book"))
        await _until(shop, lambda context: context.fetched == "fetched book")
        assert [line["what"] for line in host.ledger.lines("fetch ends")] == ["book"]


async def test_leaving_the_engine_waits_for_no_invoke(host: Host) -> None:
    with anyio.fail_after(10):
        async with host.engine() as engine:
            shop = await engine.start(Shop, id="A")
            await shop.send(Fetch(what="long"))
            await until(lambda: host.ledger.lines("fetch begins"))


async def test_a_child_runs_and_answers(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Brief())
        await _until(shop, lambda context: context.child == "brought parcel")
        assert [found.id for found in await engine.find(machine="Courier", status="done")] == ["A/send_courier.1"]


async def test_leaving_the_state_ends_its_child(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Brief(far=True))
        await shop.send(Leave())
        with pytest.raises(InstanceCancelled):
            await engine.get("A/send_courier.1").result(timeout=10)
        assert (await shop.snapshot()).context.child == ""


async def test_instances_send_to_each_other(host: Host) -> None:
    async with host.engine() as engine:
        one, other = await engine.start(Shop, id="A"), await engine.start(Shop, id="B")
        await one.send(Tell(to="B"))
        await _until(other, lambda context: context.seen == [7])


async def test_an_event_is_there_before_its_receiver(host: Host) -> None:
    async with host.engine() as engine:
        one = await engine.start(Shop, id="A")
        await one.send(Tell(to="B"))
        other = await engine.start(Shop, id="B")
        await _until(other, lambda context: context.seen == [7])


async def test_a_paused_instance_keeps_what_comes(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await engine.pause("A")
        await shop.send(Note(n=5), wait="accepted")
        await anyio.sleep(0.1)
        assert (await shop.snapshot()).context.seen == []
        await engine.resume("A")
        await _until(shop, lambda context: context.seen == [5])


async def test_a_cancelled_instance_ends_and_takes_nothing_more(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Rest())
        await engine.cancel("A", by="ann")
        with pytest.raises(InstanceCancelled):
            await shop.result(timeout=10)
        with pytest.raises((InstanceEnded, Refused)):
            await shop.send(Note())
        assert (await shop.snapshot()).context.fired == 1


async def test_the_result_is_there_for_everybody(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Note(n=3))
        results = []

        async def wait() -> None:
            results.append(await engine.get("A").result(timeout=10))

        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            group.start_soon(wait)
            await shop.send(End())
        assert results == [3, 3]


async def test_instances_are_found_by_machine_state_and_status(host: Host) -> None:
    async with host.engine() as engine:
        one = await engine.start(Shop, id="A")
        await engine.start(Shop, id="B")
        await one.send(End())
        assert [found.id for found in await engine.find(machine=Shop, state=Shop.Open)] == ["B"]
        assert [found.id for found in await engine.find(status="done")] == ["A"]


async def test_a_snapshot_is_read_while_a_turn_runs(host: Host) -> None:
    host.slow = 0.5
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        async with anyio.create_task_group() as group:
            group.start_soon(shop.send, Pay(amount=5))
            await until(lambda: host.ledger.lines("ship begins"))
            with anyio.fail_after(0.4):
                assert (await shop.snapshot()).seq == 1


async def test_a_burst_on_one_key_counts_every_event_once(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        async with anyio.create_task_group() as group:
            for n in range(40):
                group.start_soon(_twice, shop, Note(n=n), f"k{n}")
        assert sorted((await shop.snapshot()).context.seen) == list(range(40))


async def test_a_burst_on_many_keys_counts_every_event_once(host: Host) -> None:
    async with host.engine() as engine:
        async with anyio.create_task_group() as group:
            for n in range(25):
                group.start_soon(_live, engine, f"S{n:02}")
        records = await engine.find(machine=Shop)
        assert [(found.id, found.status) for found in records] == [(f"S{n:02}", "done") for n in range(25)]


async def test_what_was_open_goes_on_when_the_engine_is_entered_again(host: Host) -> None:
    async with host.engine() as engine:
        shop = await engine.start(Shop, id="A")
        await shop.send(Note(n=1))
        await shop.send(Rest())
    await anyio.sleep(0.5)  # it comes due meanwhile
    async with host.engine() as engine:
        shop = engine.get("A")
        await _until(shop, lambda context: context.fired == 1)
        await shop.send(Note(n=2))
        assert (await shop.snapshot()).context.seen == [1, 2]


async def _until(shop: Handle, holds: object) -> None:
    with anyio.fail_after(15):
        while not holds((await shop.snapshot()).context):  # type: ignore[operator]
            await anyio.sleep(0.02)


async def _until_incidents(engine: Engine, number: int) -> None:
    with anyio.fail_after(15):
        while len(await engine.incidents()) + len(await engine.incidents(resolved=True)) < number:
            await anyio.sleep(0.02)


async def _twice(shop: Handle, event: Note, key: str) -> None:
    await shop.send(event, key=key)
    await shop.send(event, key=key)


async def _live(engine: Engine, id: str) -> None:
    shop = await engine.start(Shop, id=id)
    await shop.send(Note(n=1), key="one")
    await shop.send(End(), key="end")
    assert await shop.result(timeout=15) == 1
