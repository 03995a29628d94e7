"""Laws of retention: what has to go goes whole, and what live work refers to stays."""

from __future__ import annotations

from typing import Final

from fsm.core.past import texts as readable
from fsm.core.past import written
from fsm.errors import StoreError
from fsm.ports.retaining import Keep
from fsm.ports.store import CallRow, Commit, Effect, Incident, Store, Timer, Verdict
from persistence.conformance.law import Law, create, event, law, refused, same, turn

DAY = 86_400.0


async def _ended(store: Store, *ids: str, parent: str = "") -> None:
    """Instances that ended, each a day after the one before."""
    for day, id in enumerate(ids, 1):
        await store.commit([create(id, parent=parent, status="done", closed=day * DAY)])


async def _left(store: Store) -> str:
    return "".join(record.id for record in await store.find())


@law
async def an_erased_instance_leaves_nothing(store: Store) -> None:
    """An erased instance leaves nothing."""
    rows = [event("a", "r1", key="k"), event("a", "r2")]
    await store.commit([create("a"), create("b")])
    full = turn(
        "a",
        0,
        accepted=rows,
        timers_set=[Timer("a", "t", 1, 5.0)],
        effects_set=[Effect("a", "e", 1, b"", "{}")],
        calls=[CallRow("a", "c", "S.m", "d", 0, "1")],
        incident=Incident("a", "X", "m", "c", "go", 1, 2.0),
    )
    await store.commit([full, turn("a", 1, record=create("a", seq=2, status="cancelled").record, resolve="cancelled")])
    same(await store.erase("a"), True)
    same(await store.load("a"), None)
    same(await store.find_key("a", "k"), None)
    same((await store.history("a"), await store.calls_of("a")), ([], []))
    same(await store.incidents(resolved=True), [])
    same(await store.accepted("a", rows[0].ref), None)
    same(await _left(store), "b")
    same(await store.erase("a"), False)
    same(await store.commit([create("a")]), [Verdict.COMMITTED])


@law
async def what_is_still_needed_is_not_erased(store: Store) -> None:
    """What is still needed is not erased."""
    await store.commit([create("running"), create("child", parent="running", status="done", closed=1.0)])
    await store.commit([create("sick", status="failed", closed=1.0)])
    await store.commit([Commit("sick", incident=Incident("sick", "X", "m", "c", "go", 1, 2.0))])
    await refused(store.erase("running"), StoreError, saying="Cancel it first")
    await refused(store.erase("child"), StoreError, saying="its parent goes on")
    await refused(store.erase("sick"), StoreError, saying="an incident of it is open")
    same(await store.prune("M", Keep(last=0)), 0)
    same(await _left(store), "childrunningsick")


@law
async def a_policy_that_keeps_everything_deletes_nothing(store: Store) -> None:
    """A policy that keeps everything deletes nothing."""
    await _ended(store, "a", "b")
    same(await store.prune("M", Keep(), now=9999 * DAY), 0)
    same(await _left(store), "ab")


@law
async def the_last_ones_stay(store: Store) -> None:
    """The last ones stay."""
    await _ended(store, "a", "b", "c", "d")
    same(await store.prune("M", Keep(last=2)), 2)
    same(await _left(store), "cd")
    same(await store.prune("Other", Keep(last=0)), 0)


@law
async def those_of_the_last_days_stay(store: Store) -> None:
    """Those of the last days stay."""
    await _ended(store, "a", "b", "c", "d")
    same(await store.prune("M", Keep(days=2), now=4.5 * DAY), 2)
    same(await _left(store), "cd")


@law
async def what_either_rule_keeps_stays(store: Store) -> None:
    """What either rule keeps stays."""
    await _ended(store, "a", "b", "c", "d")
    same(await store.prune("M", Keep(last=1, days=2), now=4.5 * DAY), 2)
    same(await _left(store), "cd")
    same(await store.prune("M", Keep(last=1, days=2), now=9 * DAY), 1)
    same(await _left(store), "d")


@law
async def pruning_goes_in_bounded_pieces_and_the_oldest_go_first(store: Store) -> None:
    """Pruning goes in bounded pieces, and the oldest go first."""
    await _ended(store, "a", "b", "c")
    same(await store.prune("M", Keep(last=0), limit=2), 2)
    same(await _left(store), "c")
    same(await store.prune("M", Keep(last=0), limit=2), 1)
    same(await store.prune("M", Keep(last=0), limit=2), 0)


@law
async def a_key_outlives_its_instance_for_its_time(store: Store) -> None:
    """A key outlives its instance for its time."""
    taken = event("a", "r", key="k", state="consumed", outcome='{"seq": 0}', at=DAY)
    await store.commit([create("a"), Commit("a", accepted=[taken])])
    await store.commit([turn("a", 0, record=create("a", seq=1, status="done", closed=DAY).record)])
    keep = Keep(days=1, key_days=30)
    same(await store.prune("M", keep, now=10 * DAY), 1)
    found = await store.find_key("a", "k")
    same(found and (found.payload, found.outcome), ("", '{"seq": 0}'))
    same(await store.commit([Commit("a", accepted=[event("a", "s", key="k")])]), [Verdict.DUPLICATE])
    await store.prune("M", keep, now=32 * DAY)
    same(await store.find_key("a", "k"), None)


@law
async def the_journal_of_what_goes_on_is_shortened_and_keeps_its_last_entry(store: Store) -> None:
    """The journal of what goes on is shortened and keeps its last entry."""
    await store.commit([create("a"), turn("a", 0), turn("a", 1)])
    same(await store.prune("M", Keep(journal_days=1), now=11.5 + DAY), 0)
    same([entry.seq for entry in await store.history("a")], [2])
    same(await store.prune("M", Keep(journal_days=1), now=99 * DAY), 0)
    same([entry.seq for entry in await store.history("a")], [2])


@law
async def what_a_shortened_journal_begins_with_stays_known(store: Store) -> None:
    """What a shortened journal begins with stays known."""
    texts = [f"{'a long text, ' * 9}{n}".encode() for n in range(6)]
    commits = [create("a"), *(turn("a", seq) for seq in range(5))]
    for commit, before, now in zip(commits, [None, *texts], texts, strict=False):
        assert commit.entry is not None, "a turn has an entry"
        commit.entry.past, commit.entry.notes = written(before, now), '{"guards":[]}'
    await store.commit(commits)
    await store.prune("M", Keep(journal_days=1), now=12.5 + DAY)
    left = await store.history("a")
    same([entry.seq for entry in left], [3, 4, 5])
    same(left[0].past, written(None, texts[3]))
    same([left[1].past, left[1].notes], [written(texts[3], texts[4]), '{"guards":[]}'])
    same(readable([entry.past for entry in left]), texts[3:])


@law
async def what_a_fork_that_goes_on_comes_from_stays(store: Store) -> None:
    """What a fork that goes on comes from stays."""
    await _ended(store, "a", "b")
    await store.commit([create("c", base="a")])
    same([record.base for record in await store.find()], ["", "", "a"])
    await refused(store.erase("a"), StoreError, saying="a fork of it goes on")
    same(await store.prune("M", Keep(last=0)), 1)
    same(await _left(store), "ac")
    await store.commit([turn("c", 0, record=create("c", seq=1, status="done", closed=9.0, base="x").record)])
    same([record.base for record in await store.find()], ["", "a"])
    same(await store.erase("a"), True)


LAWS: Final[tuple[Law, ...]] = (
    an_erased_instance_leaves_nothing,
    what_is_still_needed_is_not_erased,
    a_policy_that_keeps_everything_deletes_nothing,
    the_last_ones_stay,
    those_of_the_last_days_stay,
    what_either_rule_keeps_stays,
    pruning_goes_in_bounded_pieces_and_the_oldest_go_first,
    a_key_outlives_its_instance_for_its_time,
    the_journal_of_what_goes_on_is_shortened_and_keeps_its_last_entry,
    what_a_shortened_journal_begins_with_stays_known,
    what_a_fork_that_goes_on_comes_from_stays,
)
"""All of them."""
