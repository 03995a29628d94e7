"""Laws of the inbox: an event is accepted in order, and with a key once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fsm.ports.store import Commit, Store, Timer, Verdict
from persistence.conformance.law import Law, create, event, law, read, same, turn

COMMITTED, LOST, DUPLICATE, FULL = Verdict.COMMITTED, Verdict.LOST, Verdict.DUPLICATE, Verdict.FULL


@law
async def a_duplicate_key_leaves_nothing_of_its_commit(store: Store) -> None:
    """A duplicate key leaves nothing of its commit."""
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r1", key="k")])])
    twice = turn("a", 0, accepted=[event("a", "r2"), event("a", "r3", key="k")], timers_set=[Timer("a", "t", 1, 5.0)])
    same(await store.commit([twice, turn("a", 0)]), [DUPLICATE, COMMITTED])
    loaded = await read(store, "a")
    same([row.ref for row in loaded.inbox], ["r1"])
    same(loaded.timers, [])


@law
async def a_lost_commit_with_a_taken_key_is_lost(store: Store) -> None:
    """A lost commit with a taken key is lost."""
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r1", key="k")])])
    same(await store.commit([turn("a", 5, accepted=[event("a", "r2", key="k")])]), [LOST])


@law
async def a_key_twice_in_one_commit_is_a_duplicate(store: Store) -> None:
    """A key twice in one commit is a duplicate."""
    rows = [event("a", "r1", key="k"), event("a", "r2", key="k")]
    same(await store.commit([Commit("a", accepted=rows)]), [DUPLICATE])
    same((await store.accepted("a", "r1"), await store.accepted("a", "r2")), (None, None))


@law
async def a_key_twice_in_one_batch_is_taken_once(store: Store) -> None:
    """A key twice in one batch is taken once."""
    batch = [Commit("a", accepted=[event("a", f"r{i}", key="k")]) for i in range(2)]
    same(await store.commit(batch), [COMMITTED, DUPLICATE])


@law
async def the_same_key_of_another_instance_is_another_event(store: Store) -> None:
    """The same key of another instance is another event."""
    batch = [Commit(i, accepted=[event(i, f"r{i}", key="k")]) for i in "ab"]
    same(await store.commit(batch), [COMMITTED, COMMITTED])


@law
async def a_ref_without_a_key_that_is_known_is_left_alone(store: Store) -> None:
    """A ref without a key that is known is left alone."""
    await store.commit([Commit("a", accepted=[event("a", "r", lane="control")])])
    same(await store.commit([create("a"), turn("a", 0, accepted=[event("a", "r")])]), [COMMITTED, COMMITTED])
    loaded = await read(store, "a")
    same([row.lane for row in loaded.inbox], ["control"])


@law
async def find_key_gives_the_outcome_of_a_consumed_event(store: Store) -> None:
    """Find key gives the outcome of a consumed event."""
    taken = event("a", "r", key="k", state="consumed", outcome='{"seq": 1}', at=4.0)
    await store.commit([create("a"), turn("a", 0, accepted=[taken])])
    same(await store.find_key("a", "k"), taken)
    same(await store.find_key("a", "other"), None)
    same(await store.find_key("b", "k"), None)


@law
async def rows_wait_in_the_order_of_acceptance_and_settled_ones_are_gone(store: Store) -> None:
    """Rows wait in the order of acceptance and settled ones are gone."""
    rows = [event("a", ref) for ref in ("z", "y", "x", "w")]
    await store.commit([create("a"), Commit("a", accepted=rows[:2]), Commit("a", accepted=rows[2:])])
    same([row.n for row in rows], [1, 2, 3, 4])
    settled = [
        event("a", "y", state="consumed", outcome='{"seq": 1}'),
        event("a", "x", state="refused", outcome='{"error": "Refused"}'),
        event("a", "z", state="deferred"),
    ]
    await store.commit([turn("a", 0, settled=settled)])
    loaded = await read(store, "a")
    same([(row.ref, row.state, row.n) for row in loaded.inbox], [("z", "deferred", 1), ("w", "waiting", 4)])
    await store.commit([turn("a", 1, settled=[event("a", "z")])])
    loaded = await read(store, "a")
    same([(row.ref, row.state) for row in loaded.inbox], [("z", "waiting"), ("w", "waiting")])


@law
async def delayed_rows_come_due_once_in_their_interval(store: Store) -> None:
    """Delayed rows come due once in their interval."""
    await store.commit([create(i, worker="w" if i != "c" else "other") for i in "abc"])
    rows = [event("a", "1", not_before=10.0), event("b", "2", not_before=20.0), event("a", "3")]
    await store.commit([Commit("a", accepted=[*rows, event("c", "4", not_before=5.0)])])
    same(await store.next_due("w"), 10.0)
    same(await store.delayed_due("w", 0.0, 9.0), [])
    same(await store.delayed_due("w", 9.0, 20.0), ["a", "b"])
    same(await store.delayed_due("w", 10.0, 20.0), ["b"])


@law
async def what_is_consumed_already_is_not_consumed_again(store: Store) -> None:
    """What is consumed already is not consumed again: the turn that would is lost, and leaves nothing."""
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r"), event("a", "s", state="deferred")])])
    taken = event("a", "r", state="consumed", outcome='{"seq": 1}')
    same(await store.commit([turn("a", 0, settled=[taken])]), [COMMITTED])
    again = event("a", "r", state="consumed", outcome='{"seq": 2}')
    late = turn("a", 1, settled=[event("a", "s", state="consumed"), again], timers_set=[Timer("a", "t", 1, 5.0)])
    same(await store.commit([late]), [LOST])
    loaded = await read(store, "a")
    same((loaded.record.seq, loaded.timers, [row.ref for row in loaded.inbox]), (1, [], ["s"]))
    same(await store.accepted("a", "r"), replace(taken, n=1))


@law
async def taking_back_what_is_consumed_changes_nothing(store: Store) -> None:
    """Taking back what is consumed changes nothing, and the rest of the turn stands."""
    await store.commit([create("a"), create("b"), Commit("a", accepted=[event("b", "r")])])
    await store.commit([turn("b", 0, settled=[event("b", "r", state="consumed", outcome='{"seq": 1}')])])
    same(await store.commit([turn("a", 0, settled=[event("b", "r", state="refused")])]), [COMMITTED])
    row = await store.accepted("b", "r")
    same(row and row.state, "consumed")
    same(await store.accepted("a", "r"), None)


@law
async def an_open_event_is_amended_and_one_that_is_taken_is_not(store: Store) -> None:
    """An open event is amended, and one that is taken is not."""
    await store.commit([create("a"), Commit("a", accepted=[event("a", "r1", key="k"), event("a", "r2")])])
    await store.commit([turn("a", 0, settled=[event("a", "r2", state="consumed")])])
    changed = [replace(event("a", ref), payload='{"n":2}') for ref in ("r1", "r2")]
    same(await store.commit([turn("a", 1, amended=changed)]), [COMMITTED])
    rows = [await store.accepted("a", ref) for ref in ("r1", "r2")]
    same(
        [(row.payload, row.key, row.state) for row in rows if row],
        [('{"n":2}', "k", "waiting"), ("{}", None, "consumed")],
    )
    same(await store.commit([turn("a", 0, amended=[replace(changed[0], payload="{}")])]), [LOST])
    same([row.payload for row in (await read(store, "a")).inbox], ['{"n":2}'])


def sending(instance: str, *refs: str, most: int = 2, **changed: object) -> Commit:
    """The commit of somebody who sends events, of which so many may wait."""
    return Commit(instance, accepted=[event(instance, ref, **changed) for ref in refs], inbox_max=most)


@law
async def a_full_inbox_takes_no_more_events(store: Store) -> None:
    """A full inbox takes no more events, and nothing of the commit that sends one too many is written."""
    await store.commit([create("a"), create("b"), sending("a", "1")])
    many = turn("b", 0, accepted=[event("a", "2"), event("a", "3")], inbox_max=2, timers_set=[Timer("b", "t", 1, 5.0)])
    same(await store.commit([many, sending("a", "4"), sending("a", "5")]), [FULL, COMMITTED, FULL])
    same([row.ref for row in (await read(store, "a")).inbox], ["1", "4"])
    b = await read(store, "b")
    same((b.record.seq, b.timers), (0, []))


@law
async def each_commit_of_a_batch_sees_what_those_before_it_have_sent(store: Store) -> None:
    """Each commit of a batch sees what those before it have sent, and other inboxes are others."""
    batch = [sending(id, f"{id}{n}") for n in range(3) for id in "ab"]
    same(await store.commit([create("a"), create("b"), *batch]), [COMMITTED] * 6 + [FULL] * 2)


@law
async def what_is_consumed_makes_room_and_what_is_kept_does_not(store: Store) -> None:
    """What is consumed makes room, in the same commit too, and what is kept for later does not."""
    await store.commit([create("a"), sending("a", "1", "2")])
    await store.commit([turn("a", 0, settled=[event("a", "1", state="deferred")])])
    same(await store.commit([sending("a", "3")]), [FULL])
    taken = [event("a", "2", state="consumed")]
    same(await store.commit([turn("a", 1, settled=taken, accepted=[event("a", "4")], inbox_max=2)]), [COMMITTED])
    same(await store.commit([sending("a", "5")]), [FULL])
    same(
        await store.commit([turn("a", 2, settled=[event("a", "4", state="consumed")]), sending("a", "6")]),
        [COMMITTED] * 2,
    )


@law
async def a_full_inbox_takes_answers_controls_and_what_its_keeper_has(store: Store) -> None:
    """A full inbox takes answers and controls, and what the keeper of its instance has taken already."""
    await store.commit([create("a"), sending("a", "1", "2")])
    same([(await store.commit([sending("a", lane, lane=lane)]))[0] for lane in ("result", "control")], [COMMITTED] * 2)
    kept = [event("a", "3"), event("a", "4", key="k", state="refused")]
    same(await store.commit([Commit("a", accepted=kept, inbox_max=None)]), [COMMITTED])


@law
async def a_key_that_is_taken_is_a_duplicate_in_a_full_inbox_too(store: Store) -> None:
    """A key that is taken is a duplicate in a full inbox too, and a lost turn is lost."""
    await store.commit([create("a"), sending("a", "1", most=9, key="k"), sending("a", "2")])
    same(await store.commit([sending("a", "3", key="k")]), [DUPLICATE])
    same(await store.commit([turn("b", 5, accepted=[event("a", "4")], inbox_max=2)]), [LOST])


@law
async def after_a_turn_without_room_later_ones_of_its_instance_are_lost(store: Store) -> None:
    """After a turn without room later ones of its instance are lost; it can be written when there is room."""
    await store.commit([create("a"), create("b"), sending("a", "1", "2")])
    late = turn("b", 0, accepted=[event("a", "3")], inbox_max=2)
    same(await store.commit([late, turn("b", 1)]), [FULL, LOST])
    await store.commit([turn("a", 0, settled=[event("a", "1", state="consumed")])])
    same(await store.commit([late, turn("b", 1)]), [COMMITTED, COMMITTED])


@law
async def an_inbox_that_nobody_will_empty_holds_up_no_sender(store: Store) -> None:
    """The inbox of an instance that has ended holds up no sender."""
    await store.commit([create("a", status="done"), sending("a", "1", "2")])
    same(await store.commit([sending("a", "3")]), [COMMITTED])


LAWS: Final[tuple[Law, ...]] = (
    a_duplicate_key_leaves_nothing_of_its_commit,
    a_lost_commit_with_a_taken_key_is_lost,
    a_key_twice_in_one_commit_is_a_duplicate,
    a_key_twice_in_one_batch_is_taken_once,
    the_same_key_of_another_instance_is_another_event,
    a_ref_without_a_key_that_is_known_is_left_alone,
    find_key_gives_the_outcome_of_a_consumed_event,
    rows_wait_in_the_order_of_acceptance_and_settled_ones_are_gone,
    delayed_rows_come_due_once_in_their_interval,
    what_is_consumed_already_is_not_consumed_again,
    taking_back_what_is_consumed_changes_nothing,
    an_open_event_is_amended_and_one_that_is_taken_is_not,
    a_full_inbox_takes_no_more_events,
    each_commit_of_a_batch_sees_what_those_before_it_have_sent,
    what_is_consumed_makes_room_and_what_is_kept_does_not,
    a_full_inbox_takes_answers_controls_and_what_its_keeper_has,
    a_key_that_is_taken_is_a_duplicate_in_a_full_inbox_too,
    after_a_turn_without_room_later_ones_of_its_instance_are_lost,
    an_inbox_that_nobody_will_empty_holds_up_no_sender,
)
"""All of them."""
