"""Laws of writing: a turn is written whole, once, and only from where it was read."""

from __future__ import annotations

from typing import Final

from fsm.errors import StoreError
from fsm.ports.store import Commit, Store, Timer, Verdict
from persistence.conformance.law import Law, create, event, law, read, record, refused, same, turn

COMMITTED, LOST = Verdict.COMMITTED, Verdict.LOST


@law
async def a_created_instance_is_loaded_as_it_was_written(store: Store) -> None:
    """A created instance is loaded as it was written."""
    made = record("a", origin="o", parent="p", output="1", created=1.5, closed=2.5, context=b'{"x":1}', fence=3)
    same(await store.commit([Commit("a", create=True, record=made)]), [COMMITTED])
    loaded = await read(store, "a")
    same(loaded.record, made)
    same((loaded.inbox, loaded.timers, loaded.effects, loaded.incident), ([], [], [], None))


@law
async def an_unknown_instance_loads_as_none(store: Store) -> None:
    """An unknown instance loads as none."""
    same(await store.load("nobody"), None)


@law
async def an_empty_batch_has_no_verdicts(store: Store) -> None:
    """An empty batch has no verdicts."""
    same(await store.commit([]), [])


@law
async def creating_an_id_twice_is_lost_and_leaves_the_first(store: Store) -> None:
    """Creating an id twice is lost and leaves the first."""
    await store.commit([create("a", context=b"first")])
    again = create("a", context=b"second")
    again.accepted = [event("a", "r1")]
    same(await store.commit([again]), [LOST])
    loaded = await read(store, "a")
    same((loaded.record.context, loaded.inbox), (b"first", []))


@law
async def a_turn_that_read_another_seq_is_lost(store: Store) -> None:
    """A turn that read another seq is lost."""
    await store.commit([create("a")])
    lost = turn("a", 1, accepted=[event("b", "r")], timers_set=[Timer("a", "t", 1, 5.0)])
    same(await store.commit([lost]), [LOST])
    same([e.seq for e in await store.history("a")], [0])
    same((await store.accepted("b", "r"), (await read(store, "a")).timers), (None, []))


@law
async def a_turn_of_an_unknown_instance_is_lost(store: Store) -> None:
    """A turn of an unknown instance is lost."""
    same(await store.commit([turn("a", 0)]), [LOST])


@law
async def a_turn_without_a_record_still_compares_its_seq(store: Store) -> None:
    """A turn without a record still compares its seq."""
    await store.commit([create("a")])
    same(await store.commit([Commit("a", seq=1, accepted=[event("a", "x")])]), [LOST])
    same(await store.commit([Commit("a", seq=0, accepted=[event("a", "x")])]), [COMMITTED])


@law
async def after_a_lost_commit_later_turns_of_its_instance_are_lost_and_neighbours_stand(store: Store) -> None:
    """After a lost commit later turns of its instance are lost; its neighbours and what is sent to it stand."""
    await store.commit([create("a"), create("b")])
    accepting = Commit("a", accepted=[event("a", "r")])
    batch = [turn("a", 7), turn("b", 0), turn("a", 0), accepting, turn("b", 1)]
    same(await store.commit(batch), [LOST, COMMITTED, LOST, COMMITTED, COMMITTED])
    same([e.seq for e in await store.history("a")], [0])
    same([row.ref for row in (await read(store, "a")).inbox], ["r"])
    same([e.seq for e in await store.history("b")], [0, 1, 2])


@law
async def started_instances_begin_with_the_turn_and_known_ones_are_left_alone(store: Store) -> None:
    """Started instances begin with the turn and known ones are left alone."""
    await store.commit([create("a"), create("b", context=b"old")])
    children = [record("b", context=b"new"), record("c", parent="a")]
    same(await store.commit([turn("a", 0, started=children, accepted=[event("c", "start:c")])]), [COMMITTED])
    b, c = await read(store, "b"), await read(store, "c")
    same((b.record.context, c.record.parent, [row.ref for row in c.inbox]), (b"old", "a", ["start:c"]))


@law
async def a_turn_changes_what_moves_and_keeps_what_an_instance_was_born_with(store: Store) -> None:
    """A turn changes what moves and keeps what an instance was born with."""
    await store.commit([create("a", origin="o", created=1.0)])
    after = record("a", 1, status="done", fence=2, output="7", closed=9.0, origin="changed", created=5.0)
    await store.commit([turn("a", 0, record=after)])
    loaded = await read(store, "a")
    kept = loaded.record
    same((kept.status, kept.seq, kept.fence, kept.output, kept.closed), ("done", 1, 2, "7", 9.0))
    same((kept.origin, kept.created), ("o", 1.0))


@law
async def rows_given_and_got_are_no_aliases_of_what_is_stored(store: Store) -> None:
    """Rows given and got are no aliases of what is stored."""
    given, row = record("a"), event("a", "r")
    await store.commit([Commit("a", create=True, record=given, accepted=[row])])
    given.seq, row.state = 99, "consumed"
    loaded = await read(store, "a")
    loaded.record.seq, loaded.inbox[0].state = 98, "refused"
    again = await read(store, "a")
    same((again.record.seq, again.inbox[0].state), (0, "waiting"))


@law
async def what_was_committed_is_there_after_a_restart(store: Store) -> None:
    """What was committed is there after a restart."""
    await store.commit([create("a"), turn("a", 0, accepted=[event("a", "r")])])
    await store.close()
    await store.open(owner=True)
    loaded = await read(store, "a")
    same((loaded.record.seq, loaded.inbox[0].n), (1, 1))


@law
async def a_closed_store_refuses_and_closing_twice_is_allowed(store: Store) -> None:
    """A closed store refuses and closing twice is allowed."""
    await store.close()
    await store.close()
    await refused(store.load("a"), StoreError, saying="not open")
    await refused(store.commit([create("a")]), StoreError, saying="not open")


@law
async def a_turn_that_read_another_fence_is_lost(store: Store) -> None:
    """A turn that read another fence is lost."""
    await store.commit([create("a")])
    lost = turn("a", 0, 1, accepted=[event("b", "r")], timers_set=[Timer("a", "t", 1, 5.0)])
    same(await store.commit([lost]), [LOST])
    same([e.seq for e in await store.history("a")], [0])
    same((await store.accepted("b", "r"), (await read(store, "a")).timers), (None, []))


LAWS: Final[tuple[Law, ...]] = (
    a_created_instance_is_loaded_as_it_was_written,
    an_unknown_instance_loads_as_none,
    an_empty_batch_has_no_verdicts,
    creating_an_id_twice_is_lost_and_leaves_the_first,
    a_turn_that_read_another_seq_is_lost,
    a_turn_of_an_unknown_instance_is_lost,
    a_turn_without_a_record_still_compares_its_seq,
    after_a_lost_commit_later_turns_of_its_instance_are_lost_and_neighbours_stand,
    started_instances_begin_with_the_turn_and_known_ones_are_left_alone,
    a_turn_changes_what_moves_and_keeps_what_an_instance_was_born_with,
    rows_given_and_got_are_no_aliases_of_what_is_stored,
    what_was_committed_is_there_after_a_restart,
    a_closed_store_refuses_and_closing_twice_is_allowed,
    a_turn_that_read_another_fence_is_lost,
)
"""All of them."""
