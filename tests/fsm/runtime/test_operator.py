"""Operators decide about parked instances: each decision is a turn of its own, with who and why."""

from __future__ import annotations

import json
from typing import Any, Protocol

import pytest

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, after, edge, invoke, on, on_enter
from fsm.errors import ChangeInvalid, InstanceError, InstanceParked, Refused
from fsm.people import human
from fsm.runtime.operator import Decision, merged
from tests.fsm.runtime.desk import Clock, Place, until_async

pytestmark = pytest.mark.anyio


class Pay(Event):
    amount: int


class Work(Event): ...


class Ask(Event): ...


class Bill(Context):
    limit: int = 10
    paid: list[int] = []


class Answer(Context):
    limit: int


class Bank(Protocol):
    async def charge(self, amount: int, limit: int) -> int: ...
    async def log(self, amount: int) -> None: ...


class Account(StateMachine[Bill, Pay | Work | Ask]):
    """Everything in it fails above the limit."""

    bank: Bank

    class Open(State, initial=True): ...

    class Working(State): ...

    class Asking(State): ...

    class Waiting(State): ...

    class Closed(Final): ...

    @on(Pay, Open)
    async def pay(self, ev: Pay) -> None:
        await self.bank.log(ev.amount)
        self.ctx.paid.append(await self.bank.charge(ev.amount, self.ctx.limit))

    work = edge(Work, Open, to=Working)

    @invoke(Working)
    async def sum_up(self) -> int:
        await self.bank.log(99)
        return await self.bank.charge(99, self.ctx.limit)

    @sum_up.done(to=Open)
    def summed(self, ev: Done[int]) -> None:
        self.ctx.paid.append(ev.data)

    ask = edge(Ask, Open, to=Asking)

    @human(Asking, form=Answer)
    def raise_limit(self) -> str:
        return "more?"

    @raise_limit.done(to=Waiting)
    def raised(self, ev: Done[Answer]) -> None:
        if ev.data.limit > 100:
            raise ValueError("too much")
        self.ctx.limit = ev.data.limit

    @after("1m", Waiting, to=Closed)
    async def close(self) -> None:
        await self.bank.charge(60, self.ctx.limit)


class Strict:
    """Refuses what is above the limit."""

    def __init__(self) -> None:
        self.logged: list[int] = []

    async def charge(self, amount: int, limit: int) -> int:
        if amount > limit:
            raise ValueError(f"{amount} is above {limit}")
        return amount

    async def log(self, amount: int) -> None:
        self.logged.append(amount)


async def parked(orchestrator: Orchestrator, id: str = "a") -> None:
    async def is_parked() -> bool:
        return (await orchestrator.get(id).snapshot()).status == "parked"

    await until_async(is_parked)


async def turns(account: Any) -> list[tuple[str, str, str]]:
    return [(e.event, e.actor, e.reason) for e in await account.history()]


async def test_a_retry_with_a_changed_context_goes_on_with_it(place: Place) -> None:
    bank = Strict()
    async with Orchestrator(place.store(), [Account], {Bank: bank}) as orchestrator:
        account = await orchestrator.start(Account, id="a")
        with pytest.raises(InstanceParked):
            await account.send(Pay(amount=50), key="k")
        await orchestrator.retry("a", by="ann", reason="a good customer", change={"limit": 100})
        step = await account.send(Pay(amount=50), key="k")
        assert (step.seq, (await account.snapshot()).context) == (3, Bill(limit=100, paid=[50]))
        assert await turns(account) == [("start", "", ""), ("retry", "ann", "a good customer"), ("Pay", "", "")]
        (entry,) = [e for e in await account.history() if e.actor]
        assert entry.payload["context"] == {"limit": 100}
        (incident,) = await orchestrator.incidents(resolved=True)
        assert incident.resolution == "retried by ann"
        (change,) = entry.changes or ()
        assert (change.path, change.old, change.new) == ("limit", 10, 100)
        assert (await account.snapshot(at=entry.seq)).context == Bill(limit=100)
        assert bank.logged == [50], "what had succeeded was not done again"
        with pytest.raises(InstanceParked):
            await account.send(Pay(amount=500))


async def test_a_retry_with_a_changed_event_takes_that_event(place: Place) -> None:
    bank = Strict()
    async with Orchestrator(place.store(), [Account], {Bank: bank}) as orchestrator:
        account = await orchestrator.start(Account, id="a")
        with pytest.raises(InstanceParked):
            await account.send(Pay(amount=50), key="k")
        with pytest.raises(ChangeInvalid, match=r"'a' was not changed: .*amount: Input should be a valid integer"):
            await orchestrator.retry("a", by="ann", payload={"amount": "much"})
        await orchestrator.retry("a", by="ann", payload={"amount": 5})
        assert (await account.send(Pay(amount=50), key="k")).seq == 3
        assert (await account.snapshot()).context.paid == [5]
        assert bank.logged == [50, 5], "the other call was let be"
        assert (await account.history())[-1].payload == {"amount": 5}


async def test_a_changed_event_survives_the_worker(place: Place) -> None:
    async with Orchestrator(place.store(), [Account], {Bank: Strict()}) as orchestrator:
        account = await orchestrator.start(Account, id="a")
        with pytest.raises(InstanceParked):
            await account.send(Pay(amount=50), key="k")
    bank = Strict()
    async with Orchestrator(place.store(), [Account], {Bank: bank}) as orchestrator:
        account = orchestrator.get("a", Account)
        await orchestrator.retry("a", by="ann", payload={"amount": 7}, change={"limit": 8})
        await account.send(Pay(amount=50), key="k")
        assert (await account.snapshot()).context == Bill(limit=8, paid=[7])


async def test_a_failed_invoke_runs_again_on_the_changed_context(place: Place) -> None:
    bank = Strict()
    async with Orchestrator(place.store(), [Account], {Bank: bank}) as orchestrator:
        account = await orchestrator.start(Account, id="a")
        await account.send(Work())
        await parked(orchestrator)
        with pytest.raises(ChangeInvalid, match="what failed has no payload; change the context"):
            await orchestrator.retry("a", by="ann", payload={})
        await orchestrator.retry("a", by="ann", change={"limit": 99})

        async def summed() -> bool:
            return (await account.snapshot()).context.paid == [99]

        await until_async(summed)
        assert bank.logged == [99]


@pytest.mark.parametrize("what", ["event", "invoke", "answer", "timer"])
@pytest.mark.parametrize("verb", ["skip", "resolve"])
async def test_what_failed_is_dropped_or_was_done_by_hand_and_the_instance_goes_on(
    place: Place, what: str, verb: str
) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Account], {Bank: Strict()})) as orchestrator:
        account, people = await orchestrator.start(Account, id="a"), orchestrator.people
        if what == "event":
            with pytest.raises(InstanceParked):
                await account.send(Pay(amount=50), key="k")
        elif what == "invoke":
            await account.send(Work())
        else:
            await account.send(Ask())
            (task,) = await people.tasks()
            await people.complete(task.id, {"limit": 1_000 if what == "answer" else 20}, by="bob")
        if what == "timer":
            await until_async(lambda: _waits(account))
            clock.advance(orchestrator, 60)
        await parked(orchestrator)
        if verb == "skip":
            await orchestrator.skip("a", by="ann", reason="not today")
        else:
            await orchestrator.resolve("a", by="ann", reason="not today", change={"limit": 77})
        assert (await turns(account))[-1] == (verb, "ann", "not today")
        snapshot = await account.snapshot()
        assert (snapshot.context.limit == 77) is (verb == "resolve")
        assert (snapshot.status, snapshot.timers, snapshot.invokes) == ("running", (), ())
        if what == "event":
            with pytest.raises(
                Refused, match=f"'Pay' was {verb.rstrip('e').replace('skip', 'skipp')}ed by ann: not today"
            ):
                await account.send(Pay(amount=50), key="k")
        if what == "answer":
            assert [t.status for t in await people.tasks(status="all")] == ["withdrawn"]
        if what in ("event", "invoke"):
            assert not (await place.loaded("a")).effects
        assert not (await place.loaded("a")).inbox
        if what == "event":
            await account.send(Pay(amount=5))
        assert await orchestrator.incidents() == []
    async with Orchestrator(place.store(), [Account], {Bank: Strict()}) as orchestrator:
        assert (await orchestrator.get("a").snapshot()).status == "running"


async def _waits(account: Any) -> bool:
    return set((await account.snapshot()).configuration) == {"Waiting"}


async def test_a_decision_reaches_an_instance_that_another_worker_runs(file: Place) -> None:
    async with (
        Orchestrator(file.store(), [Account], {Bank: Strict()}) as one,
        Orchestrator(file.store(), [Account], {Bank: Strict()}) as two,
    ):
        account = await one.start(Account, id="a")
        with pytest.raises(InstanceParked):
            await account.send(Pay(amount=50), key="k")
        with pytest.raises(ChangeInvalid, match="limit: Input should be a valid integer"):
            await two.retry("a", by="ann", change={"limit": "high"})
        await two.skip("a", by="ann", reason="elsewhere")
        assert (await turns(account))[-1] == ("skip", "ann", "elsewhere")


class Born(StateMachine[Bill]):
    """Begins only below a limit."""

    class Open(State, initial=True): ...

    @on_enter(Open)
    def begin(self) -> None:
        if self.ctx.limit > 5:
            raise ValueError("too high")


async def test_a_start_that_failed_is_mended_but_not_skipped(place: Place) -> None:
    async with Orchestrator(place.store(), [Born]) as orchestrator:
        with pytest.raises(InstanceParked):
            await orchestrator.start(Born, id="a")
        with pytest.raises(InstanceError, match="has not begun: its start cannot be skipped"):
            await orchestrator.skip("a", by="ann")
        await orchestrator.retry("a", by="ann", change={"limit": 5})
        born = orchestrator.get("a", Born)
        await until_async(lambda: _open(born))
        assert [e.event for e in await born.history()] == ["start"]
        assert [i.resolution for i in await orchestrator.incidents(resolved=True)] == ["retried by ann"]


async def _open(born: Any) -> bool:
    return set((await born.snapshot()).configuration) == {"Open"}


async def test_only_what_is_parked_is_decided_and_by_somebody(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Account], {Bank: Strict()}) as orchestrator:
        account = await orchestrator.start(Account, id="a")
        with pytest.raises(InstanceError, match="'a' is running: there is nothing to skip"):
            await orchestrator.skip("a", by="ann")
        with pytest.raises(ChangeInvalid, match="nobody is named; say by= who decides to skip"):
            await orchestrator.skip("a", by="")
        with pytest.raises(ChangeInvalid, match="nobody is named"):
            await orchestrator.retry("a", change={"limit": 1})
        with pytest.raises(ChangeInvalid, match=r"change=\[\] is no JSON object"):
            await orchestrator.retry("a", by="ann", change=[])  # type: ignore[arg-type]
        with pytest.raises(ChangeInvalid, match="the change is no JSON"):
            await orchestrator.retry("a", by="ann", change={"limit": object()})
        assert len(await account.history()) == 1


def test_a_merge_patch_changes_adds_and_removes() -> None:
    assert merged({"a": 1, "b": [1]}, {"b": {"c": 1}, "a": None}) == {"b": {"c": 1}}
    assert merged([1], {"a": 1}) == {"a": 1}
    assert json.loads(Decision("ann", context={"a": None}).text("retry", "a")) == {"by": "ann", "context": {"a": None}}


def test_what_else_the_row_of_a_control_says_decides_nothing() -> None:
    assert Decision.of('{"by": "ann", "actor": "ann", "reason": "why"}') == Decision("ann", "why")
    assert Decision.of("{}") == Decision()
