"""Instances are found by keys, and by fields of their contexts as the last commit left them."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Context, Event, Final, Migration, Orchestrator, State, StateMachine, edge, on, on_enter
from fsm.errors import (
    InstanceExists,
    InstanceIdInvalid,
    InstanceParked,
    InstanceUnknown,
    NotAccepted,
    SearchInvalid,
    SnapshotUnfit,
)
from tests.fsm.runtime.desk import Clerk, Counter, Desk, Place, Tally, Wrapped

pytestmark = pytest.mark.anyio


class Change(Event):
    customer: str | None


class Ship(Event): ...


class Spawn(Event):
    customer: str


class Sale(Context):
    customer: str | None = None
    amount: int = 0


class Order(StateMachine[Sale, Change | Ship | Spawn], search=("customer", "amount")):
    class Open(State, initial=True): ...

    class Shipped(Final): ...

    @on(Change, Open)
    def change(self, ev: Change) -> None:
        self.ctx.customer = ev.customer

    @on(Spawn, Open)
    def more(self, ev: Spawn) -> None:
        self.spawn(Order, Sale(customer=ev.customer), id="child")

    ship = edge(Ship, Open, to=Shipped)


async def ids(orchestrator: Orchestrator, **wanted: Any) -> list[str]:
    return [found.id for found in await orchestrator.find(**wanted)]


async def test_instances_are_found_by_what_their_last_turn_has_left(place: Place) -> None:
    async with Orchestrator(place.store(), [Order, Counter]) as orchestrator:
        order = await orchestrator.start(Order, Sale(customer="c1", amount=30), id="a")
        await orchestrator.start(Order, Sale(customer="c1", amount=31), id="b")
        assert await ids(orchestrator, attributes={"customer": "c1"}) == ["a", "b"]
        assert await ids(orchestrator, machine=Order, attributes={"customer": "c1", "amount": 30.0}) == ["a"]
        assert await ids(orchestrator, attributes={"customer": "c1"}, after="a", limit=1) == ["b"]
        await order.send(Change(customer="c2"))
        assert await ids(orchestrator, attributes={"customer": "c1"}) == ["b"]
        assert await ids(orchestrator, attributes={"customer": "c2"}) == ["a"]
        await order.send(Change(customer=None))
        assert await ids(orchestrator, attributes={"customer": "c2"}) == []
        await order.send(Ship())
        assert await ids(orchestrator, status="done", attributes={"amount": 30}) == ["a"]


async def test_a_rewind_and_a_fork_are_found_by_what_was(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        order = await orchestrator.start(Order, Sale(customer="c1"), id="a")
        await order.send(Change(customer="c2"))
        await order.send(Change(customer="c3"))
        await orchestrator.fork("a", "b", at=1)
        await orchestrator.rewind("a", at=2, by="ann", reason="too far")
        assert await ids(orchestrator, attributes={"customer": "c1"}) == ["b"]
        assert await ids(orchestrator, attributes={"customer": "c2"}) == ["a"]
        assert await ids(orchestrator, attributes={"customer": "c3"}) == []


async def test_only_what_has_changed_is_written_and_nothing_where_nothing_is_searched(memory: Place) -> None:
    store = Wrapped(memory.store())
    async with Orchestrator(store, [Order, Counter]) as orchestrator:
        order = await orchestrator.start(Order, Sale(customer="c1", amount=30), id="a")
        await order.send(Change(customer="c2"))
        await order.send(Change(customer="c2"))
        await orchestrator.start(Counter, Tally(), id="c")
    commits = [commit for batch in store.batches for commit in batch if commit.entry is not None]
    written = [({a.name: a.value for a in commit.attributes}, commit.attributes_anew) for commit in commits]
    assert written == [
        ({"customer": "c1", "amount": "30"}, True),
        ({"customer": "c2"}, False),
        ({}, False),
        ({}, False),
    ]


async def test_a_spawned_instance_is_found_and_one_that_existed_is_not_touched(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        await orchestrator.start(Order, Sale(customer="first"), id="child")
        order = await orchestrator.start(Order, id="a")
        await order.send(Spawn(customer="second"))
        assert await ids(orchestrator, attributes={"customer": "first"}) == ["child"]
        assert await ids(orchestrator, attributes={"customer": "second"}) == []


async def test_a_field_that_no_machine_names_is_refused(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Order, Counter]) as orchestrator:
        with pytest.raises(SearchInvalid, match=r"Order, Counter: .* not found by 'color', but by amount, customer"):
            await orchestrator.find(attributes={"color": "red"})
        with pytest.raises(SearchInvalid, match=r"Counter: instances are not found by 'amount', but by nothing"):
            await orchestrator.find(machine=Counter, attributes={"amount": 1})


async def test_a_value_that_is_too_long_is_refused_before_anything_is_written(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        with pytest.raises(SearchInvalid, match="200 characters"):
            await orchestrator.start(Order, Sale(customer="x" * 201), id="a")
        with pytest.raises(InstanceUnknown):
            await orchestrator.get("a")
        order = await orchestrator.start(Order, Sale(customer="c1"), id="a")
        with pytest.raises(InstanceParked, match="SearchInvalid"):
            await order.send(Change(customer="x" * 201))
        assert await ids(orchestrator, attributes={"customer": "c1"}) == ["a"]


class Sick(StateMachine[Sale, Ship], search=("customer",)):
    class Open(State, initial=True): ...

    @on_enter(Open)
    def fail(self) -> None:
        raise RuntimeError("no")


async def test_an_instance_that_was_parked_when_it_began_is_found(place: Place) -> None:
    async with Orchestrator(place.store(), [Sick]) as orchestrator:
        with pytest.raises(InstanceParked):
            await orchestrator.start(Sick, Sale(customer="c1"), id="a")
        assert await ids(orchestrator, attributes={"customer": "c1"}, status="parked") == ["a"]


class Other(StateMachine[Sale, Change | Ship | Spawn], name="Order", search=("amount",)):
    class Open(State, initial=True): ...

    class Shipped(Final): ...

    @on(Change, Open)
    def change(self, ev: Change) -> None: ...

    ship = edge(Ship, Open, to=Shipped)


class Newer(Other, name="Order", version=2, migrations=(Migration("1"),)): ...


async def test_a_class_with_another_search_finds_an_instance_from_its_next_turn_on(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        await orchestrator.start(Order, Sale(customer="c1", amount=30), id="a")
    async with Orchestrator(place.store(), [Other]) as orchestrator:
        await orchestrator.get("a", Other).send(Change(customer="c2"))
        assert await ids(orchestrator, attributes={"amount": 30}) == ["a"]
        assert await orchestrator.store.find(attributes=[("customer", "c1")]) == []


async def test_a_migration_writes_what_the_newer_class_is_found_by(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        await orchestrator.start(Order, Sale(customer="c1", amount=30), id="a")
    async with Orchestrator(place.store(), [Newer]) as orchestrator:
        with pytest.raises(NotAccepted):
            await orchestrator.get("a", Newer).send(Spawn(customer="x"))
        assert await orchestrator.store.find(attributes=[("customer", "c1")]) == []
        assert await ids(orchestrator, attributes={"amount": 30}) == ["a"]


class Named(
    Newer, name="Order", version=3, migrations=(Migration("1", context=lambda old: {**old, "customer": "x" * 201}),)
):
    """Makes of every customer one that is too long."""


class Longer(Named, name="Order", version=4, migrations=Named.__migrations__, search=("customer",)): ...


async def test_a_migration_to_what_cannot_be_searched_leaves_the_instance_alone(place: Place) -> None:
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        await orchestrator.start(Order, Sale(customer="c1", amount=30), id="a")
    async with Orchestrator(place.store(), [Longer]) as orchestrator:
        with pytest.raises(SnapshotUnfit, match="200 characters"):
            await orchestrator.get("a", Longer).send(Ship())
    async with Orchestrator(place.store(), [Order]) as orchestrator:
        assert await ids(orchestrator, attributes={"customer": "c1"}) == ["a"]


# ---- business keys


async def test_the_same_key_with_the_same_data_is_the_same_instance(place: Place) -> None:
    async with Orchestrator(place.store(), [Order, Counter]) as orchestrator:
        first = await orchestrator.start(Order, Sale(amount=1), key="PO-7")
        assert (await orchestrator.start(Order, Sale(amount=1), key="PO-7")).id == first.id
        with pytest.raises(InstanceExists, match="other data"):
            await orchestrator.start(Order, Sale(amount=2), key="PO-7")
        await orchestrator.start(Counter, Tally(), key="PO-7")
        assert await ids(orchestrator, key="PO-7") == sorted([first.id, "Counter:PO-7"])
        assert await ids(orchestrator, machine=Order, key="PO-7") == [first.id]
        assert await ids(orchestrator, machine="Order", key="PO-8") == []
        assert (await orchestrator.get(machine=Order, key="PO-7").snapshot()).context.amount == 1


async def test_two_workers_that_use_a_key_start_one_instance(place: Place, clerk: Clerk) -> None:
    services = {Desk: clerk}
    async with (
        Orchestrator(place.store(), [Order], services) as one,
        Orchestrator(place.store(), [Order], services) as two,
    ):
        first = await one.start(Order, Sale(amount=1), key="PO-7")
        assert (await two.start(Order, Sale(amount=1), key="PO-7")).id == first.id
        with pytest.raises(InstanceExists):
            await two.start(Order, Sale(amount=2), key="PO-7")


@pytest.mark.parametrize(
    "wrong",
    [{"id": "a", "key": "b"}, {"key": ""}, {"key": " x"}, {"key": "x" * 200}],
)
async def test_a_key_that_cannot_be_one_is_refused(memory: Place, wrong: dict[str, str]) -> None:
    async with Orchestrator(memory.store(), [Order]) as orchestrator:
        with pytest.raises(InstanceIdInvalid):
            await orchestrator.start(Order, **wrong)  # type: ignore[arg-type]
        with pytest.raises(InstanceIdInvalid, match="with a key the machine"):
            orchestrator.get(key="PO-7")  # type: ignore[call-overload]
