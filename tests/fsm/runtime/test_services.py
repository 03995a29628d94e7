"""Implementations are found by contract or by name, and checked before anything runs."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from fsm import Orchestrator, on
from fsm.errors import InstanceParked, PolicyInvalid, ServiceInvalid, ServiceMissing
from fsm.runtime.services import Services
from fsm.service import Breaker, Retry, call
from tests.fsm.runtime.desk import Add, Caller, Clerk, Desk, Place, settled
from tests.fsm.runtime.ladders import Ask, Backup, Bank, Client, Errand, Order, Teller


@pytest.mark.anyio
async def test_a_service_is_found_by_the_name_of_its_attribute(memory: Place, clerk: Clerk) -> None:
    async with Orchestrator(memory.store(), [Caller], {"desk": clerk}) as orchestrator:
        await (await orchestrator.start(Caller)).send(Add())
    assert clerk.count("add 1") == 1


def test_a_missing_service_is_named() -> None:
    with pytest.raises(ServiceMissing, match=r"Caller\.desk"):
        Services([Caller], {})


def test_an_implementation_without_a_method_is_refused() -> None:
    class Half:
        async def ask(self, what: str) -> str:
            return what

    with pytest.raises(ServiceInvalid, match="allow"):
        Services([Caller], {Desk: Half()})


@pytest.mark.anyio
async def test_a_paused_service_is_not_asked_and_no_attempt_is_spent_on_those_that_wait(memory: Place) -> None:
    store, teller = memory.store(), Teller()
    async with Orchestrator(store, [Errand], {Bank: teller, Backup: teller}) as orchestrator:
        orchestrator.pause_service(Bank)
        cases = [await orchestrator.start(Errand, Order(method=m), id=m) for m in ("plain", "quick", "timely")]
        await settled()
        assert not teller.made
        assert not await store.attempts("quick")
        orchestrator.resume_service("bank")
        assert [await case.result(timeout=30) for case in cases] == ["ok"] * 3
        with pytest.raises(ServiceMissing, match="no machine of this orchestrator has such a service"):
            orchestrator.pause_service("bnak")


@pytest.mark.anyio
async def test_a_tripped_circuit_sends_calls_to_the_fallback_and_spends_no_attempt(memory: Place) -> None:
    store, teller = memory.store(), Teller({"plain": [OSError("down")] * 2})
    policy = call(breaker=Breaker(failures=2, pause="1h"), fallback="Backup.charge")
    async with Orchestrator(
        store, [Client], {Bank: teller, Backup: teller}, policies={Bank.plain: policy}
    ) as orchestrator:
        client = await orchestrator.start(Client, id="c")
        for amount in (1, 2, 3):
            await client.send(Ask(method="plain", amount=amount))
        rows = await store.attempts("c")
    assert [(made.method, made.amount) for made in teller.made] == [
        ("plain", 1),
        ("charge", 1),
        ("plain", 2),
        ("charge", 2),
        ("charge", 3),
    ]
    assert sorted(row.reason for row in rows) == [
        "",
        "",
        "OSError: fallback",
        "OSError: fallback",
        "bank.plain: circuit open: fallback",
    ]


@pytest.mark.anyio
async def test_machines_that_share_an_implementation_share_its_limits(memory: Place) -> None:
    teller = Teller()
    busy, most = 0, 0

    async def count(name: str) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await anyio.sleep(0.005)
        busy -= 1

    teller.doing = count
    policies = {"bank.plain": call(concurrency=2)}
    services = {Bank: teller, Backup: teller}
    async with Orchestrator(memory.store(), [Errand, Client], services, policies=policies) as orchestrator:
        cases = [await orchestrator.start(Errand, Order(method="plain")) for _ in range(5)]
        clients = [await orchestrator.start(Client) for _ in range(3)]
        async with anyio.create_task_group() as group:
            for client in clients:
                group.start_soon(client.send, Ask(method="plain"))
        assert [await case.result(timeout=30) for case in cases] == ["ok"] * 5
    assert most == 2
    assert len(teller.made) == 8


def test_all_that_is_wrong_with_policies_is_told_when_the_orchestrator_is_made(memory: Place) -> None:
    teller = Teller()
    policies = {
        Bank.plain: call(fallback="bank.nothing"),
        "bank.quick": call(adjust=lambda arguments, error, attempt: None, retry=Retry(1)),
        "bnak": call(once=True),
    }
    with pytest.raises(PolicyInvalid) as caught:
        Orchestrator(memory.store(), [Client], {Bank: teller, Backup: teller}, policies=policies)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "Client.bank.plain",
        "Client.bank.quick",
        "policies[bnak]",
    ]


@pytest.mark.anyio
async def test_a_call_site_has_the_last_word(memory: Place) -> None:
    class Careful(Client):
        @on(Ask, Client.Here)
        async def ask(self, ev: Ask) -> None:
            self.ctx.said.append(await call(retry=Retry(2, backoff="1ms"))(self.bank.plain)(ev.amount, note="dear"))

    class Mistaken(Client):
        @on(Ask, Client.Here)
        async def ask(self, ev: Ask) -> None:
            call(concurrency=2)(self.bank.plain)

    teller = Teller({"plain": [OSError("down")]})
    async with Orchestrator(memory.store(), [Careful, Mistaken], {Bank: teller, Backup: teller}) as orchestrator:
        client = await orchestrator.start(Careful)
        await client.send(Ask(method="-"))
        assert (await client.snapshot()).context.said == ["ok"]
        with pytest.raises(InstanceParked, match="concurrency= is shared by all calls of a method"):
            await (await orchestrator.start(Mistaken)).send(Ask(method="-"))
    assert [(made.method, made.note) for made in teller.made] == [("plain", "dear")] * 2


class Opened(Clerk):
    """A clerk with opening hours, as tests read them."""

    def __init__(self, told: list[str], name: str, problem: str = "") -> None:
        super().__init__()
        self.told, self.name, self.problem = told, name, problem

    async def __aenter__(self) -> Opened:
        await anyio.lowlevel.checkpoint()
        self.told.append(f"{self.name} opens")
        if self.problem == "opening":
            raise ConnectionError("no such desk")
        self.group = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.told.append(f"{self.name} closes")
        await self.group.__aexit__(None, None, None)
        if self.problem == "closing":
            raise ConnectionError("stuck door")


@pytest.mark.anyio
async def test_services_that_are_context_managers_are_open_as_long_as_work_may_need_them(place: Place) -> None:
    told: list[str] = []
    one, other = Opened(told, "one"), Opened(told, "other")
    async with Orchestrator(place.store(), [Caller], {Desk: one, "same": one, "other": other}) as orchestrator:
        assert told == ["one opens", "other opens"]
        await (await orchestrator.start(Caller)).send(Add())
    assert told[2:] == ["other closes", "one closes"]
    assert one.count("add 1") == 1


@pytest.mark.anyio
async def test_a_service_that_cannot_be_opened_closes_what_was_open(file: Place) -> None:
    told: list[str] = []
    services = {Desk: Opened(told, "one"), "other": Opened(told, "other", "opening")}
    with pytest.raises(ConnectionError, match="no such desk"):
        async with Orchestrator(file.store(), [Caller], services):
            pytest.fail("it began without its services")
    assert told == ["one opens", "other opens", "one closes"]


@pytest.mark.anyio
async def test_a_service_that_cannot_be_closed_keeps_neither_others_nor_the_store_open(file: Place) -> None:
    told: list[str] = []
    services = {Desk: Opened(told, "one"), "other": Opened(told, "other", "closing")}
    store = file.store()
    with pytest.raises(ConnectionError, match="stuck door"):
        async with Orchestrator(store, [Caller], services) as orchestrator:
            await orchestrator.start(Caller, id="a")
    assert told[2:] == ["other closes", "one closes"]
    async with Orchestrator(store, [Caller], {Desk: Clerk()}) as orchestrator:
        assert [found.id for found in await orchestrator.find()] == ["a"]
