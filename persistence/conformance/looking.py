"""Laws of looking: instances and journals are found in order, in pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fsm.ports.retaining import Keep
from fsm.ports.store import Attribute, Commit, Record, Store
from persistence.conformance.law import Law, create, entry, law, same, turn


@law
async def find_filters_by_machine_status_and_active_state(store: Store) -> None:
    """Find filters by machine status and active state."""
    await store.commit(
        [
            create("a", config='["paying.charging", "packing"]'),
            create("b", config='["paying"]', status="parked"),
            create("c", config='["payingX.y"]'),
        ]
    )
    await store.commit([Commit("d", create=True, record=Record("d", "Other", "1", "", "running", 0, "[]", "{}", b""))])

    async def ids(**wanted: Any) -> str:
        return "".join(r.id for r in await store.find(**wanted))

    same(await ids(), "abcd")
    same(await ids(machine="M"), "abc")
    same(await ids(statuses=["parked", "done"]), "b")
    same(await ids(states=["paying"]), "ab")
    same(await ids(states=["packing", "payingX"]), "ac")
    same(await ids(states=["charging"]), "")
    same(await ids(machine="M", statuses=["running"], states=["paying"]), "a")
    same(await ids(after="a", limit=2), "bc")


def _by(id: str, **values: str | None) -> list[Attribute]:
    return [Attribute(id, name, value) for name, value in values.items()]


@law
async def instances_are_found_by_the_attributes_that_their_turns_have_written(store: Store) -> None:
    """Instances are found by the attributes that their turns have written."""

    async def ids(**wanted: Any) -> str:
        return "".join(r.id for r in await store.find(**wanted))

    begun = [create("a"), create("b"), create("c", machine="N")]
    begun[0].attributes, begun[1].attributes = _by("a", customer="c1", amount="30"), _by("b", customer="c1")
    begun[2].attributes = _by("c", customer="c1", amount="30")
    await store.commit(begun)
    same(await ids(attributes=[("customer", "c1")]), "abc")
    same(await ids(attributes=[("customer", "c1"), ("amount", "30")]), "ac")
    same(await ids(machine="M", attributes=[("amount", "30")], ids=["a", "b"]), "a")
    same(await ids(ids=["c", "b", "?"]), "bc")
    same(await ids(attributes=[("customer", "c")]), "")
    await store.commit([turn("a", 0, attributes=_by("a", customer="c2", amount=None))])
    same(await ids(attributes=[("customer", "c2")]), "a")
    same(await ids(attributes=[("amount", "30")]), "c")
    await store.commit([turn("a", 1, attributes=_by("a", place="x"), attributes_anew=True)])
    same((await ids(attributes=[("customer", "c2")]), await ids(attributes=[("place", "x")])), ("", "a"))


@law
async def attributes_of_a_turn_that_lost_are_not_written(store: Store) -> None:
    """Attributes of a turn that lost are not written."""
    await store.commit([create("a")])
    await store.commit([turn("a", 7, attributes=_by("a", customer="c1"), attributes_anew=True)])
    same(await store.find(attributes=[("customer", "c1")]), [])


@law
async def what_an_erased_instance_was_found_by_is_forgotten(store: Store) -> None:
    """What an erased instance was found by is forgotten."""
    for prunes in (False, True):
        ended = create("a", status="done", closed=1.0)
        ended.attributes = _by("a", customer="c1")
        await store.commit([ended])
        same(bool(await store.prune("M", Keep(last=0)) if prunes else await store.erase("a")), True)
        await store.commit([create("a")])
        same(await store.find(attributes=[("customer", "c1")]), [])
        await store.commit([turn("a", 0, record=create("a", seq=1, status="done", closed=1.0).record)])
        await store.erase("a")


@law
async def history_is_read_from_a_place_and_up_to_a_limit(store: Store) -> None:
    """History is read from a place and up to a limit."""
    await store.commit([create("a"), *(turn("a", i) for i in range(4))])
    same(await store.history("a", after=0, limit=2), [entry("a", 1), entry("a", 2)])
    same([e.seq for e in await store.history("a")], [0, 1, 2, 3, 4])


@law
async def what_breached_a_deadline_is_found_by_its_journal(store: Store) -> None:
    """What breached a deadline is found by its journal."""
    late = replace(entry("b", 1), event="breach:Open#answer")
    await store.commit([create("a"), create("b"), create("c"), turn("a", 0), turn("b", 0, entry=late)])
    same([r.id for r in await store.find(breached=True)], ["b"])
    same([r.id for r in await store.find(breached=True, machine="N")], [])


LAWS: Final[tuple[Law, ...]] = (
    find_filters_by_machine_status_and_active_state,
    instances_are_found_by_the_attributes_that_their_turns_have_written,
    attributes_of_a_turn_that_lost_are_not_written,
    what_an_erased_instance_was_found_by_is_forgotten,
    history_is_read_from_a_place_and_up_to_a_limit,
    what_breached_a_deadline_is_found_by_its_journal,
)
"""All of them."""
