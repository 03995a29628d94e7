"""Attempt after attempt, as the policy says; each is a row, and a restart goes on at the same rung."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from fsm import Orchestrator
from fsm.errors import InstanceParked
from fsm.ports.attempt import Attempt
from fsm.ports.store import Store
from fsm.service import Backoff, Retry, Retryable, Terminal, call, current_call
from tests.fsm.runtime.desk import Clock, Place, settled, until, until_async
from tests.fsm.runtime.ladders import Ask, Backup, Bank, Client, Errand, Order, PlainTeller, Strict, Teller, rows_of

pytestmark = pytest.mark.anyio

Services = dict[object, object]


class Busy(Exception):
    """The bank has no time."""


def services(teller: object) -> Services:
    return {Bank: teller, Backup: teller}


def errand(method: str, amount: int = 8) -> Order:
    return Order(method=method, amount=amount)


async def started(store: Store, instance: str, count: int) -> None:
    """Wait until so many attempts of an instance have been begun."""

    async def begun() -> bool:
        return sum(row.started is not None for row in await store.attempts(instance)) >= count

    await until_async(begun)


async def planned(store: Store, instance: str, count: int) -> None:
    """Wait until so many attempts of an instance are written down."""

    async def written() -> bool:
        return len(await store.attempts(instance)) >= count

    await until_async(written)


def story(rows: list[Attempt]) -> list[tuple[int, str, str, int]]:
    return [(row.n, row.called, row.reason, row.final) for row in rows]


async def test_a_call_is_repeated_until_it_succeeds_and_each_attempt_is_a_row(place: Place) -> None:
    store, teller = place.store(), Teller({"quick": [Busy("one"), Busy("two")]})
    async with Orchestrator(store, [Client], services(teller)) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        await client.send(Ask(method="quick"))
        assert (await client.snapshot()).context.said == ["ok"]
        rows = await rows_of(store, "c")
        assert story(rows) == [(1, "bank.quick", "", 0), (2, "bank.quick", "Busy", 0), (3, "bank.quick", "Busy", 1)]
        assert [row.outcome for row in rows] == [
            '{"error":{"kind":"Busy","message":"one","data":null}}',
            '{"error":{"kind":"Busy","message":"two","data":null}}',
            '{"ok":"ok"}',
        ]
        assert {row.parameters for row in rows} == {'{"amount":8,"note":""}'}
        assert {row.runs for row in rows} == {1}
        assert {bool(row.worker) for row in rows} == {True}
        assert all(row.started is not None and row.started >= row.due for row in rows)
        (entry,) = [e for e in await client.history() if e.calls]
        (made,) = entry.calls
        assert (made.ok, made.attempt, [a.ok for a in made.attempts]) == (True, 3, [False, False, True])
    assert len({made.key for made in teller.made}) == 1
    assert [made.attempt for made in teller.made] == [1, 2, 3]


async def test_when_all_attempts_have_failed_the_last_failure_is_that_of_the_call(memory: Place) -> None:
    store, teller = memory.store(), Teller({"quick": [Busy("1"), Busy("2"), Busy("3"), Busy("4")]})
    async with Orchestrator(store, [Client], services(teller)) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        await client.send(Ask(method="quick"))
        assert (await client.snapshot()).context.said == ["Busy: 3"]
    assert len(teller.made) == 3


async def test_an_answer_that_does_not_fit_the_contract_is_a_failed_attempt(memory: Place) -> None:
    teller = Teller({"quick": [5, None]})
    async with Orchestrator(memory.store(), [Client], services(teller)) as orchestrator:
        await (await orchestrator.start(Client, id="c")).send(Ask(method="quick"))
        rows = await rows_of(orchestrator.store, "c")
    assert [row.reason for row in rows] == ["", "AnswerInvalid", "AnswerInvalid"]
    assert rows[2].outcome == '{"ok":"ok"}'


async def test_a_call_without_a_policy_writes_no_attempts_and_one_that_only_limits_time_writes_them_with_its_answer(
    memory: Place,
) -> None:
    store, teller = memory.store(), Teller()
    async with Orchestrator(store, [Client], services(teller)) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        committer = orchestrator._fleet.committer
        commits = []
        for method in ("plain", "timely", "quick"):
            before = committer.commits
            await client.send(Ask(method=method))
            commits.append(committer.commits - before)
        assert commits == [3, 3, 4], "the event, the answer, the turn; and the attempt before it is made"
        assert [row.called for row in await rows_of(store, "c")] == ["bank.timely", "bank.quick"]


async def test_delays_are_waited_for_on_the_orchestrators_clock_and_a_restart_waits_for_the_rest(place: Place) -> None:
    teller, clock = Teller({"steady": [Busy("1"), Busy("2")]}), Clock()
    store = place.store()
    async with Orchestrator(store, [Errand], services(teller), clock=clock) as orchestrator:
        await orchestrator.start(Errand, errand("steady"), id="e")
        await planned(store, "e", 2)
        clock.advance(orchestrator, 9.0)
        await anyio.sleep(0.12)
        assert len(teller.made) == 1
    clock.now += 0.5
    store = place.store()
    async with Orchestrator(store, [Errand], services(teller), clock=clock) as orchestrator:
        await anyio.sleep(0.12)
        assert len(teller.made) == 1
        clock.advance(orchestrator, 0.5)
        await planned(store, "e", 3)
        clock.advance(orchestrator, 20.0)
        assert await orchestrator.get("e", Errand).result(timeout=30) == "ok"
        rows = await rows_of(store, "e")
    assert [row.due - 1_000_000.0 for row in rows] == [0.0, 10.0, 30.0]
    assert [row.started for row in rows] == [row.due for row in rows]
    assert [row.runs for row in rows] == [1, 1, 1]


async def test_the_budget_of_attempts_survives_a_restart_and_an_attempt_that_was_cut_short_is_the_same_attempt(
    place: Place,
) -> None:
    first, clock = Teller({"steady": [Busy("1")]}), Clock()
    store = place.store()
    async with Orchestrator(store, [Errand], services(first), clock=clock, drain_seconds=0) as orchestrator:
        await orchestrator.start(Errand, errand("steady"), id="e")
        await planned(store, "e", 2)
        first.held["steady"] = anyio.Event()
        clock.advance(orchestrator, 10.0)
        await started(store, "e", 2)
    second = Teller({"steady": [Busy("2 again"), Busy("3"), Busy("4")]})
    store = place.store()
    async with Orchestrator(store, [Errand], services(second), clock=clock) as orchestrator:
        await planned(store, "e", 3)
        clock.advance(orchestrator, 20.0)
        assert await orchestrator.get("e", Errand).result(timeout=30) == "Busy: 3"
        rows = await rows_of(store, "e")
    assert [row.runs for row in rows] == [1, 2, 1]
    assert [made.attempt for made in first.made + second.made] == [1, 2, 3, 4]
    assert len({made.key for made in first.made + second.made}) == 1


async def test_a_time_budget_ends_the_ladder_before_an_attempt_that_would_be_too_late(memory: Place) -> None:

    teller, clock = Teller({"plain": [Busy("1"), Busy("2"), Busy("3")]}), Clock()
    policy = call(retry=Retry(9, backoff=Backoff("10s", factor=2), jitter=0, budget="30s"))
    store = memory.store()
    async with Orchestrator(
        store, [Errand], services(teller), policies={Bank.plain: policy}, clock=clock
    ) as orchestrator:
        case = await orchestrator.start(Errand, errand("plain"), id="e")
        await planned(store, "e", 2)
        clock.advance(orchestrator, 10.0)
        await planned(store, "e", 3)
        clock.advance(orchestrator, 20.0)
        assert await case.result(timeout=30) == "Busy: 3"
    assert len(teller.made) == 3


async def test_adjusted_arguments_are_written_down_and_have_a_key_of_their_own(memory: Place) -> None:
    store, teller = memory.store(), Teller({"adjusted": [Busy("much"), Busy("still")]})
    async with Orchestrator(store, [Client], services(teller)) as orchestrator:
        await (await orchestrator.start(Client, id="c")).send(Ask(method="adjusted"))
    await store.open(owner=False)
    rows = await rows_of(store, "c")
    assert [(made.amount, made.note) for made in teller.made] == [(8, ""), (4, "1. Busy"), (2, "2. Busy")]
    assert [row.parameters for row in rows][1:] == ['{"amount":4,"note":"1. Busy"}', '{"amount":2,"note":"2. Busy"}']
    assert [row.reason for row in rows] == ["", "Busy: adjusted", "Busy: adjusted"]
    keys = [made.key for made in teller.made]
    assert len(set(keys)) == 3
    assert all(key.startswith(keys[0]) for key in keys)


async def test_a_restart_makes_the_adjusted_attempt_with_the_arguments_that_were_written_down(place: Place) -> None:
    first = Teller({"adjusted": [Busy("much")]})
    store = place.store()
    async with Orchestrator(store, [Errand], services(first), drain_seconds=0) as orchestrator:
        first.doing = _hold_second(first)
        await orchestrator.start(Errand, errand("adjusted"), id="e")
        await started(store, "e", 2)
        await until(lambda: len(first.made) == 2)
    second = Teller()
    async with Orchestrator(place.store(), [Errand], services(second)) as orchestrator:
        assert await orchestrator.get("e", Errand).result(timeout=30) == "ok"
    assert second.made[0].key == first.made[1].key
    assert (second.made[0].amount, second.made[0].note, second.made[0].attempt) == (4, "1. Busy", 3)


def _hold_second(teller: Teller) -> Callable[[str], object]:
    async def hold(name: str) -> None:
        if len(teller.made) == 2:
            await anyio.sleep_forever()

    return hold


async def test_a_fallback_is_asked_when_the_method_has_failed_for_good(memory: Place) -> None:
    store, teller = memory.store(), Teller({"backed": [Busy("1"), Busy("2")]})
    async with Orchestrator(store, [Client], services(teller)) as orchestrator:
        await (await orchestrator.start(Client, id="c")).send(Ask(method="backed"))
        rows = await rows_of(store, "c")
    assert story(rows) == [
        (1, "bank.backed", "", 0),
        (2, "bank.backed", "Busy", 0),
        (3, "Backup.charge", "Busy: fallback", 1),
    ]
    assert [made.method for made in teller.made] == ["backed", "backed", "charge"]
    assert teller.made[2].key == f"{teller.made[0].key}:Backup.charge"


async def test_a_terminal_failure_is_not_repeated_and_goes_to_the_fallback_at_once(memory: Place) -> None:
    store, teller = memory.store(), Teller({"backed": [Terminal("no")], "quick": [Terminal("never")]})
    async with Orchestrator(store, [Client], services(teller)) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        await client.send(Ask(method="backed"))
        await client.send(Ask(method="quick"))
        assert (await client.snapshot()).context.said == ["ok", "Terminal: never"]
    assert [made.method for made in teller.made] == ["backed", "charge", "quick"]


async def test_a_retryable_failure_says_when_it_is_worth_trying_again(memory: Place) -> None:
    store, teller, clock = memory.store(), Teller({"steady": [Retryable("later", after="3m")]}), Clock()
    async with Orchestrator(store, [Errand], services(teller), clock=clock) as orchestrator:
        case = await orchestrator.start(Errand, errand("steady"), id="e")
        await planned(store, "e", 2)
        assert (await rows_of(store, "e"))[1].due == clock.now + 180.0
        clock.advance(orchestrator, 180.0)
        assert await case.result(timeout=30) == "ok"


# ---- at most once


async def test_a_call_that_is_made_once_and_was_cut_short_is_never_repeated(place: Place) -> None:
    first, second = Teller(), Teller()
    store = place.store()
    async with Orchestrator(store, [Errand], services(first), drain_seconds=0) as orchestrator:
        first.held["once"] = anyio.Event()
        await orchestrator.start(Errand, errand("once"), id="e")
        await until(lambda: bool(first.made))
    store = place.store()
    async with Orchestrator(store, [Errand], services(second)) as orchestrator:
        said = await orchestrator.get("e", Errand).result(timeout=30)
        (row,) = await rows_of(store, "e")
    assert said.startswith("Unknown: bank.once was cut short")
    assert '"kind":"Unknown"' in row.outcome
    assert not second.made


async def test_in_a_turn_too_a_call_that_is_made_once_is_not_repeated_by_a_restart_or_a_retry(place: Place) -> None:
    first, second = Teller(), Teller()
    async with Orchestrator(place.store(), [Strict], services(first), drain_seconds=0) as orchestrator:
        first.held["once"] = anyio.Event()
        client = await orchestrator.start(Strict, id="c")
        await client.send(Ask(method="once"), wait="accepted")
        await until(lambda: bool(first.made))
    async with Orchestrator(place.store(), [Strict], services(second)) as orchestrator:
        client = orchestrator.get("c", Strict)

        async def parked() -> bool:
            return (await client.snapshot()).status == "parked"

        await until_async(parked)
        await orchestrator.retry("c")
        await until_async(parked)
        assert not second.made
        await orchestrator.retry("c", repeat_once=True)

        async def said() -> bool:
            return (await client.snapshot()).context.said == ["ok"]

        await until_async(said)
        rows = await rows_of(orchestrator.store, "c")
    assert len(second.made) == 1
    assert [(row.n, row.final) for row in rows] == [(1, 1), (2, 1)]


async def test_a_worker_that_has_lost_the_instance_does_not_begin_an_attempt(place: Place) -> None:
    store, teller = place.store(), Teller()
    async with Orchestrator(store, [Errand], services(teller)) as orchestrator:
        orchestrator.pause_service(Bank)
        await orchestrator.start(Errand, errand("once"), id="e")
        await settled()
        await store.bury(orchestrator._fleet.claims.worker)
        await store.heartbeat("another", 60.0)
        assert await store.claim("another", ["Errand"], named=["e"]) == ["e"]
        orchestrator.resume_service(Bank)
        await settled()
        assert not await rows_of(store, "e")
    assert not teller.made


async def test_a_failure_of_a_call_that_is_made_once_is_recorded_like_any_other(memory: Place) -> None:
    teller = Teller({"once": [Busy("no")]})
    async with Orchestrator(memory.store(), [Client], services(teller)) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        await client.send(Ask(method="once"))
        assert (await client.snapshot()).context.said == ["Busy: no"]
    assert len(teller.made) == 1


async def test_after_a_retry_of_the_incident_a_ladder_begins_anew(memory: Place) -> None:
    store, teller = memory.store(), Teller({"quick": [Busy("1"), Busy("2"), Busy("3"), Busy("4")]})
    async with Orchestrator(store, [Strict], services(teller)) as orchestrator:
        client = await orchestrator.start(Strict, id="c")
        with pytest.raises(InstanceParked):
            await client.send(Ask(method="quick"))
        await orchestrator.retry("c")

        async def said() -> bool:
            return (await client.snapshot()).context.said == ["ok"]

        await until_async(said)
        rows = await rows_of(store, "c")
    assert [(row.n, row.final) for row in rows] == [(1, 0), (2, 0), (3, 1), (4, 0), (5, 1)]


# ---- time


async def test_an_attempt_that_takes_too_long_fails_and_its_late_answer_is_kept_and_not_used(memory: Place) -> None:

    store, teller = memory.store(), PlainTeller()
    policies = {Bank.plain: call(timeout="30ms", retry=Retry(2, backoff="1ms"))}
    async with Orchestrator(store, [Client], services(teller), policies=policies) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        await client.send(Ask(method="plain"))
        assert (await client.snapshot()).context.said == ["in time"]
        teller.go.set()

        async def late() -> bool:
            return (await rows_of(store, "c"))[0].late == '{"ok":"late"}'

        await until_async(late)
        assert '"kind":"TimeoutError"' in (await rows_of(store, "c"))[0].outcome


async def test_silence_fails_an_attempt_and_beats_keep_it_alive(memory: Place) -> None:
    teller = Teller()

    async def beats(name: str) -> None:
        for part in range(6):
            current_call().beat({"part": part})
            await anyio.sleep(0.02)
        if len(teller.made) == 1:
            await anyio.sleep_forever()

    teller.doing = beats
    async with Orchestrator(memory.store(), [Client], services(teller)) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        await client.send(Ask(method="lively"))
        await client.send(Ask(method="lively", amount=1))
        said = (await client.snapshot()).context.said
        failure = (await rows_of(orchestrator.store, "c"))[0].outcome
    assert said == ["HeartbeatLost: no beat within 0.06 s", "ok"]
    assert '"data":{"part":5}' in failure


async def test_a_turn_does_not_wait_for_an_attempt_that_is_due_when_the_turn_is_over(memory: Place) -> None:
    teller, clock = Teller({"steady": [Retryable("tomorrow", after="24h")]}), Clock()
    async with Orchestrator(memory.store(), [Client], services(teller), clock=clock) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        with pytest.raises(InstanceParked, match=r"TurnTimeout .* due in 86400 s"):
            await client.send(Ask(method="steady"))
        clock.advance(orchestrator, 86_400.0)
        await orchestrator.retry("c")

        async def said() -> bool:
            return (await client.snapshot()).context.said == ["ok"]

        await until_async(said)
    assert len(teller.made) == 2


async def test_leaving_the_state_ends_the_ladder(memory: Place) -> None:
    store, teller, clock = memory.store(), Teller({"steady": [Busy("1")]}), Clock()
    async with Orchestrator(store, [Errand], services(teller), clock=clock) as orchestrator:
        case = await orchestrator.start(Errand, errand("steady"), id="e")
        await planned(store, "e", 2)
        await case.send(Ask(method="-"))
        clock.advance(orchestrator, 60.0)
        await anyio.sleep(0.12)
        assert len(teller.made) == 1
        assert (await rows_of(store, "e"))[1].started is None
        assert (await case.snapshot()).configuration == {"Away"}
