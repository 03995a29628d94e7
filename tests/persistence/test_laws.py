"""What every store promises, asked of each of them on each event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from fsm.errors import StoreError, StoreInUse
from fsm.ports.store import (
    Accepted,
    CallRow,
    Commit,
    Effect,
    Entry,
    Incident,
    Record,
    Status,
    Timer,
    Verdict,
)
from persistence import MemoryStore, SQLStore

pytestmark = pytest.mark.anyio
COMMITTED, LOST, DUPLICATE = Verdict.COMMITTED, Verdict.LOST, Verdict.DUPLICATE
AnyStore = MemoryStore | SQLStore


@pytest.fixture
async def store(make_store: Callable[[], AnyStore]) -> AsyncIterator[AnyStore]:
    made = make_store()
    await made.open(owner=True)
    yield made
    await made.close()


def record(id: str, seq: int = 0, **changed: Any) -> Record:
    values: dict[str, Any] = {"status": Status.RUNNING.value, "config": '["idle"]', "moving": "{}", "context": b"{}"}
    return Record(id, values.pop("machine", "M"), "1", "d", seq=seq, **(values | changed))


def entry(id: str, seq: int) -> Entry:
    return Entry(id, seq, f"event:{id}{seq}", "go", "{}", "[]", '["idle"]', 10.0 + seq, 0.1)


def event(id: str, ref: str, **changed: Any) -> Accepted:
    return Accepted(id, ref, "go", "{}", **changed)


def create(id: str, **changed: Any) -> Commit:
    return Commit(id, create=True, record=record(id, **changed), entry=entry(id, 0))


def turn(id: str, read: int, fence: int = 0, **changed: Any) -> Commit:
    values: dict[str, Any] = {"record": record(id, read + 1), "entry": entry(id, read + 1)}
    return Commit(id, seq=read, fence=fence, **(values | changed))


async def test_a_created_instance_is_loaded_as_it_was_written(store: AnyStore) -> None:
    made = record("a", origin="o", parent="p", output="1", created=1.5, closed=2.5, context=b'{"x":1}', fence=3)
    assert await store.commit([Commit("a", create=True, record=made)]) == [COMMITTED]
    loaded = await store.load("a")
    assert loaded is not None
    assert loaded.record == made
    assert (loaded.inbox, loaded.timers, loaded.effects, loaded.incident) == ([], [], [], None)


async def test_an_unknown_instance_loads_as_none(store: AnyStore) -> None:
    assert await store.load("nobody") is None


async def test_an_empty_batch_has_no_verdicts(store: AnyStore) -> None:
    assert await store.commit([]) == []


async def test_creating_an_id_twice_is_lost_and_leaves_the_first(store: AnyStore) -> None:
    await store.commit([create("a", context=b"first")])
    again = create("a", context=b"second")
    again.accepted = [event("a", "r1")]
    assert await store.commit([again]) == [LOST]
    loaded = await store.load("a")
    assert loaded is not None
    assert (loaded.record.context, loaded.inbox) == (b"first", [])


@pytest.mark.parametrize(("read", "fence"), [(1, 0), (0, 1)])
async def test_a_turn_that_read_another_seq_or_fence_is_lost(store: AnyStore, read: int, fence: int) -> None:
    await store.commit([create("a")])
    lost = turn("a", read, fence, accepted=[event("b", "r")], timers_set=[Timer("a", "t", 1, 5.0)])
    assert await store.commit([lost]) == [LOST]
    assert [e.seq for e in await store.history("a")] == [0]
    assert await store.newer(0) == (0, [])
    assert await store.next_due() is None


async def test_a_turn_of_an_unknown_instance_is_lost(store: AnyStore) -> None:
    assert await store.commit([turn("a", 0)]) == [LOST]


async def test_a_turn_without_a_record_still_compares_its_seq(store: AnyStore) -> None:
    await store.commit([create("a")])
    assert await store.commit([Commit("a", seq=1, accepted=[event("a", "x")])]) == [LOST]
    assert await store.commit([Commit("a", seq=0, accepted=[event("a", "x")])]) == [COMMITTED]


async def test_after_a_lost_commit_later_ones_of_its_instance_are_lost_and_neighbours_stand(store: AnyStore) -> None:
    await store.commit([create("a"), create("b")])
    accepting = Commit("a", accepted=[event("a", "r")])
    batch = [turn("a", 7), turn("b", 0), turn("a", 0), accepting, turn("b", 1)]
    assert await store.commit(batch) == [LOST, COMMITTED, LOST, LOST, COMMITTED]
    assert [e.seq for e in await store.history("a")] == [0]
    assert [e.seq for e in await store.history("b")] == [0, 1, 2]


async def test_a_duplicate_key_leaves_nothing_of_its_commit(store: AnyStore) -> None:
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r1", key="k")])])
    twice = turn("a", 0, accepted=[event("a", "r2"), event("a", "r3", key="k")], timers_set=[Timer("a", "t", 1, 5.0)])
    assert await store.commit([twice, turn("a", 0)]) == [DUPLICATE, COMMITTED]
    loaded = await store.load("a")
    assert loaded is not None
    assert [row.ref for row in loaded.inbox] == ["r1"]
    assert loaded.timers == []


async def test_a_lost_commit_with_a_taken_key_is_lost(store: AnyStore) -> None:
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r1", key="k")])])
    assert await store.commit([turn("a", 5, accepted=[event("a", "r2", key="k")])]) == [LOST]


async def test_a_key_twice_in_one_commit_is_a_duplicate(store: AnyStore) -> None:
    rows = [event("a", "r1", key="k"), event("a", "r2", key="k")]
    assert await store.commit([Commit("a", accepted=rows)]) == [DUPLICATE]
    assert await store.newer(0) == (0, [])


async def test_a_key_twice_in_one_batch_is_taken_once(store: AnyStore) -> None:
    batch = [Commit("a", accepted=[event("a", f"r{i}", key="k")]) for i in range(2)]
    assert await store.commit(batch) == [COMMITTED, DUPLICATE]


async def test_the_same_key_of_another_instance_is_another_event(store: AnyStore) -> None:
    batch = [Commit(i, accepted=[event(i, f"r{i}", key="k")]) for i in "ab"]
    assert await store.commit(batch) == [COMMITTED, COMMITTED]


async def test_a_ref_without_a_key_that_is_known_is_left_alone(store: AnyStore) -> None:
    await store.commit([Commit("a", accepted=[event("a", "r", lane="control")])])
    assert await store.commit([create("a"), turn("a", 0, accepted=[event("a", "r")])]) == [COMMITTED, COMMITTED]
    loaded = await store.load("a")
    assert loaded is not None
    assert [row.lane for row in loaded.inbox] == ["control"]


async def test_find_key_gives_the_outcome_of_a_consumed_event(store: AnyStore) -> None:
    taken = event("a", "r", key="k", state="consumed", outcome='{"seq": 1}', at=4.0)
    await store.commit([create("a"), turn("a", 0, accepted=[taken])])
    assert await store.find_key("a", "k") == taken
    assert await store.find_key("a", "other") is None
    assert await store.find_key("b", "k") is None


async def test_rows_wait_in_the_order_of_acceptance_and_settled_ones_are_gone(store: AnyStore) -> None:
    rows = [event("a", ref) for ref in ("z", "y", "x", "w")]
    await store.commit([create("a"), Commit("a", accepted=rows[:2]), Commit("a", accepted=rows[2:])])
    assert [row.n for row in rows] == [1, 2, 3, 4]
    settled = [
        event("a", "y", state="consumed", outcome='{"seq": 1}'),
        event("a", "x", state="refused", outcome='{"error": "Refused"}'),
        event("a", "z", state="deferred"),
    ]
    await store.commit([turn("a", 0, settled=settled)])
    loaded = await store.load("a")
    assert loaded is not None
    assert [(row.ref, row.state, row.n) for row in loaded.inbox] == [("z", "deferred", 1), ("w", "waiting", 4)]
    await store.commit([turn("a", 1, settled=[event("a", "z")])])
    loaded = await store.load("a")
    assert loaded is not None
    assert [(row.ref, row.state) for row in loaded.inbox] == [("z", "waiting"), ("w", "waiting")]


async def test_timers_are_set_moved_and_cleared_by_generation(store: AnyStore) -> None:
    await store.commit([create("a"), turn("a", 0, timers_set=[Timer("a", "t", 1, 9.0), Timer("a", "u", 1, 3.0)])])
    moved = turn("a", 1, timers_cleared=[("t", 1), ("missing", 1)], timers_set=[Timer("a", "t", 2, 7.0)])
    await store.commit([moved, turn("a", 2, timers_set=[Timer("a", "u", 1, 8.0)])])
    loaded = await store.load("a")
    assert loaded is not None
    assert loaded.timers == [Timer("a", "t", 2, 7.0), Timer("a", "u", 1, 8.0)]


async def test_effects_are_set_counted_again_and_cleared(store: AnyStore) -> None:
    effects = [Effect("a", "e", 1, b"{}", "{}"), Effect("a", "f", 1, b"1", '{"event":"go"}')]
    await store.commit([create("a"), turn("a", 0, effects_set=effects)])
    await store.begin_recovery()
    await store.commit([turn("a", 1, effects_cleared=[("e", 1)])])
    loaded = await store.load("a")
    assert loaded is not None
    assert loaded.effects == [Effect("a", "f", 1, b"1", '{"event":"go"}', attempt=2)]


async def test_the_first_answer_of_a_call_stays(store: AnyStore) -> None:
    calls = [CallRow("a", "c2", "S.m", "d", 0, "1"), CallRow("a", "c1", "S.m", "d", 0, "2", "[1]", 3.0, 0.5, 2)]
    again = CallRow("a", "c2", "S.m", "d", 0, "other")
    assert await store.commit([Commit("a", calls=calls), Commit("a", calls=[again])]) == [COMMITTED, COMMITTED]
    assert await store.calls("a", "c1") == [calls[1]]
    assert await store.calls_of("a") == calls
    assert await store.calls_of("b") == []


async def test_an_incident_is_open_until_it_is_resolved(store: AnyStore) -> None:
    first, second = (Incident("a", "GuardFailed", m, "event:r", "go", 1, 2.0) for m in ("one", "two"))
    await store.commit([create("a"), Commit("a", incident=first), create("b")])
    await store.commit([Commit("b", incident=Incident("b", "X", "b", "c", "go", 1, 3.0))])
    loaded = await store.load("a")
    assert loaded is not None
    assert loaded.incident == first
    await store.commit([turn("a", 0, resolve="retried", incident=second)])
    assert [i.message for i in await store.incidents(instance="a")] == ["two"]
    closed = (await store.incidents(resolved=True, instance="a"))[0]
    assert (closed.message, closed.resolution, closed.resolved) == ("one", "retried", 11.0)
    assert [i.instance for i in await store.incidents()] == ["b", "a"]
    assert len(await store.incidents(resolved=True)) == 3


async def test_started_instances_begin_with_the_turn_and_known_ones_are_left_alone(store: AnyStore) -> None:
    await store.commit([create("a"), create("b", context=b"old")])
    children = [record("b", context=b"new"), record("c", parent="a")]
    assert await store.commit([turn("a", 0, started=children, accepted=[event("c", "start:c")])]) == [COMMITTED]
    b, c = await store.load("b"), await store.load("c")
    assert b is not None
    assert c is not None
    assert (b.record.context, c.record.parent, [row.ref for row in c.inbox]) == (b"old", "a", ["start:c"])


async def test_a_turn_changes_what_moves_and_keeps_what_an_instance_was_born_with(store: AnyStore) -> None:
    await store.commit([create("a", origin="o", created=1.0)])
    after = record("a", 1, status="done", fence=2, output="7", closed=9.0, origin="changed", created=5.0)
    await store.commit([turn("a", 0, record=after)])
    loaded = await store.load("a")
    assert loaded is not None
    kept = loaded.record
    assert (kept.status, kept.seq, kept.fence, kept.output, kept.closed) == ("done", 1, 2, "7", 9.0)
    assert (kept.origin, kept.created) == ("o", 1.0)


async def test_pending_names_running_instances_with_ready_events_or_open_effects(store: AnyStore) -> None:
    ids = ["event", "late", "effect", "deferred", "idle", "paused", "taken"]
    await store.commit([create(i, status="paused" if i == "paused" else "running") for i in ids])
    rows = [
        event("event", "1"),
        event("late", "2", not_before=50.0),
        event("deferred", "3", state="deferred"),
        event("paused", "4"),
        event("taken", "5", state="consumed"),
    ]
    await store.commit([Commit("x", accepted=rows, effects_set=[Effect("effect", "e", 1, b"", "{}")])])
    assert await store.pending(49.0) == ["effect", "event"]
    assert await store.pending(50.0) == ["effect", "event", "late"]
    assert await store.pending(50.0, after="effect", limit=1) == ["event"]
    assert await store.pending(50.0, limit=2) == ["effect", "event"]


async def test_due_timers_come_earliest_first_and_only_of_running_instances(store: AnyStore) -> None:
    await store.commit([create("a"), create("b"), create("c", status="parked")])
    timers = [Timer("a", "x", 1, 30.0), Timer("b", "x", 1, 20.0), Timer("a", "y", 1, 40.0), Timer("c", "x", 1, 1.0)]
    await store.commit([Commit("a", timers_set=timers)])
    assert await store.next_due() == 20.0
    assert [t.due for t in await store.due(30.0)] == [20.0, 30.0]
    assert [t.due for t in await store.due(99.0, limit=1)] == [20.0]
    assert await store.due(19.0) == []


async def test_delayed_rows_come_due_once_in_their_interval(store: AnyStore) -> None:
    await store.commit([create("a"), create("b")])
    rows = [event("a", "1", not_before=10.0), event("b", "2", not_before=20.0), event("a", "3")]
    await store.commit([Commit("a", accepted=rows)])
    assert await store.next_due() == 10.0
    assert await store.delayed_due(0.0, 9.0) == []
    assert await store.delayed_due(9.0, 20.0) == ["a", "b"]
    assert await store.delayed_due(10.0, 20.0) == ["b"]


async def test_newer_tells_the_largest_number_and_whose_rows_wait(store: AnyStore) -> None:
    rows = [event("b", "1"), event("a", "2", lane="control"), event("c", "3", state="consumed"), event("b", "4")]
    await store.commit([Commit("a", accepted=rows)])
    assert await store.newer(0) == (4, ["b", "a"])
    assert await store.newer(2) == (4, ["b"])
    assert await store.newer(4) == (4, [])


async def test_own_commits_are_no_change_from_outside(store: AnyStore) -> None:
    assert not await store.changed()
    await store.commit([create("a")])
    assert not await store.changed()


async def test_find_filters_by_machine_status_and_active_state(store: AnyStore) -> None:
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

    assert await ids() == "abcd"
    assert await ids(machine="M") == "abc"
    assert await ids(statuses=["parked", "done"]) == "b"
    assert await ids(states=["paying"]) == "ab"
    assert await ids(states=["packing", "payingX"]) == "ac"
    assert await ids(states=["charging"]) == ""
    assert await ids(machine="M", statuses=["running"], states=["paying"]) == "a"
    assert await ids(after="a", limit=2) == "bc"


async def test_history_is_read_from_a_place_and_up_to_a_limit(store: AnyStore) -> None:
    await store.commit([create("a"), *(turn("a", i) for i in range(4))])
    assert await store.history("a", after=0, limit=2) == [entry("a", 1), entry("a", 2)]
    assert [e.seq for e in await store.history("a")] == [0, 1, 2, 3, 4]


async def test_rows_given_and_got_are_no_aliases_of_what_is_stored(store: AnyStore) -> None:
    given, row = record("a"), event("a", "r")
    await store.commit([Commit("a", create=True, record=given, accepted=[row])])
    given.seq, row.state = 99, "consumed"
    loaded = await store.load("a")
    assert loaded is not None
    loaded.record.seq, loaded.inbox[0].state = 98, "refused"
    again = await store.load("a")
    assert again is not None
    assert (again.record.seq, again.inbox[0].state) == (0, "waiting")


async def test_what_was_committed_is_there_after_a_restart(store: AnyStore) -> None:
    await store.commit([create("a"), turn("a", 0, accepted=[event("a", "r")])])
    await store.close()
    await store.open(owner=True)
    loaded = await store.load("a")
    assert loaded is not None
    assert (loaded.record.seq, loaded.inbox[0].n) == (1, 1)


async def test_a_closed_store_refuses_and_closing_twice_is_allowed(store: AnyStore) -> None:
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await store.load("a")
    with pytest.raises(StoreError, match="not open"):
        await store.commit([create("a")])


async def test_a_store_has_one_owner(store: AnyStore, make_store: Callable[[], AnyStore]) -> None:
    second = store if isinstance(store, MemoryStore) else make_store()
    with pytest.raises(StoreInUse):
        await second.open(owner=True)
    await store.close()
    await second.open(owner=True)
    await second.close()
