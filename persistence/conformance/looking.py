"""Laws of looking: instances and journals are found in order, in pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fsm.ports.store import Commit, Record, Store
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
    history_is_read_from_a_place_and_up_to_a_limit,
    what_breached_a_deadline_is_found_by_its_journal,
)
"""All of them."""
