"""Laws of claims: an instance has one worker, and whoever lost it can write no more."""

from __future__ import annotations

from typing import Final

from fsm.ports.store import CallRow, Commit, Definition, Effect, Store, Timer, Verdict
from persistence.conformance.law import Law, create, event, law, read, same, turn

COMMITTED, LOST = Verdict.COMMITTED, Verdict.LOST
LONG, OVER = 3600.0, -1.0
"""A lease that does not end while a law is tried, and one that has ended."""


async def _waiting(store: Store, *ids: str) -> None:
    """Instances that an event wakes, and two workers that are alive."""
    for id in ids:
        await store.commit([create(id), Commit(id, accepted=[event(id, f"r{id}")])])
    for worker in ("one", "two"):
        await store.heartbeat(worker, LONG)


@law
async def what_waits_is_claimed_by_one_worker(store: Store) -> None:
    """What waits is claimed by one worker."""
    await _waiting(store, "a", "b")
    same(await store.claim("one", ["M"]), ["a", "b"])
    same(await store.claim("two", ["M"]), [])


@law
async def a_claim_takes_no_more_than_its_limit(store: Store) -> None:
    """A claim takes no more than its limit."""
    await _waiting(store, "a", "b", "c")
    first = await store.claim("one", ["M"], limit=2)
    same(len(first), 2)
    same(sorted([*first, *await store.claim("two", ["M"])]), ["a", "b", "c"])


@law
async def only_instances_of_the_machines_named_are_claimed(store: Store) -> None:
    """Only instances of the machines named are claimed."""
    await _waiting(store, "a")
    same(await store.claim("one", ["Other"]), [])
    same(await store.claim("one", ["Other", "M"]), ["a"])


@law
async def a_claim_raises_the_fence_so_that_an_older_reader_writes_nothing(store: Store) -> None:
    """A claim raises the fence so that an older reader writes nothing."""
    await _waiting(store, "a")
    before = (await read(store, "a")).record
    await store.claim("one", ["M"])
    now = (await read(store, "a")).record
    same(now.fence > before.fence, True, "the fence has risen")
    same(await store.commit([turn("a", 0, before.fence)]), [LOST])
    same(await store.commit([turn("a", 0, now.fence)]), [COMMITTED])


@law
async def a_silent_worker_loses_its_instances_and_is_refused_when_it_wakes(store: Store) -> None:
    """A silent worker loses its instances and is refused when it wakes."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    seen = (await read(store, "a")).record
    same(await store.claim("two", ["M"]), [], "while the lease runs")
    await store.heartbeat("one", OVER)
    same(await store.claim("two", ["M"]), ["a"], "when it has run out")
    same(await store.heartbeat("one", LONG), False, "the heartbeat that comes too late")
    same(await store.commit([turn("a", 0, seen.fence, worker="one")]), [LOST])
    fence = (await read(store, "a")).record.fence
    same(await store.commit([turn("a", 0, fence, worker="two")]), [COMMITTED])


@law
async def a_heartbeat_in_time_keeps_everything(store: Store) -> None:
    """A heartbeat in time keeps everything."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    same(await store.heartbeat("one", LONG), True)
    same(await store.claim("two", ["M"]), [])


@law
async def a_claim_counts_one_more_attempt_of_open_effects(store: Store) -> None:
    """A claim counts one more attempt of open effects."""
    await store.commit([create("a"), turn("a", 0, effects_set=[Effect("a", "e", 1, b"", "{}")])])
    await store.heartbeat("one", LONG)
    same(await store.claim("one", ["M"]), ["a"])
    same([effect.attempt for effect in (await read(store, "a")).effects], [2])


@law
async def the_first_heartbeat_finds_what_was_left_without_claims(store: Store) -> None:
    """The first heartbeat finds what was left without claims."""
    await store.commit([create("a"), turn("a", 0, timers_set=[Timer("a", "t", 1, 50.0)]), create("idle")])
    await store.heartbeat("one", LONG)
    same(await store.claim("one", ["M"], now=49.0), [])
    same(await store.claim("one", ["M"], now=50.0), ["a"])


@law
async def a_released_instance_is_claimable_when_something_wakes_it(store: Store) -> None:
    """A released instance is claimable when something wakes it."""
    await _waiting(store)
    await store.commit([create("a", worker="one"), create("b", worker="one")])
    later = event("a", "later", not_before=80.0)
    await store.commit([turn("a", 0, timers_set=[Timer("a", "t", 1, 90.0)], accepted=[later], worker="one")])
    await store.release("one", ["a", "b"])
    same(await store.claim("two", ["M"], now=79.0), [])
    same(await store.claim("two", ["M"], now=80.0), ["a"])


@law
async def only_the_one_who_has_a_claim_gives_it_back(store: Store) -> None:
    """Only the one who has a claim gives it back."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    await store.release("two", ["a", "unknown"])
    same(await store.claim("two", ["M"]), [])


@law
async def whoever_creates_an_instance_has_claimed_it(store: Store) -> None:
    """Whoever creates an instance has claimed it."""
    await _waiting(store)
    await store.commit([create("a", worker="one")])
    await store.commit([Commit("a", accepted=[event("a", "r")])])
    same(await store.claim("two", ["M"]), [])
    same(await store.claim("two", ["M"], named=["a"]), [])


@law
async def a_named_instance_is_claimed_though_nothing_wakes_it(store: Store) -> None:
    """A named instance is claimed though nothing wakes it."""
    await _waiting(store)
    await store.commit([create("a")])
    same(await store.claim("one", ["M"]), [])
    same(await store.claim("one", ["M"], named=["a", "unknown"]), ["a"])
    same(await store.claim("two", ["M"], named=["a"]), [])


@law
async def a_worker_is_told_once_of_what_others_put_into_its_inboxes(store: Store) -> None:
    """A worker is told once of what others put into its inboxes."""
    await _waiting(store, "a", "b")
    await store.claim("one", ["M"])
    same(await store.poked("one"), [])
    await store.commit([Commit("a", accepted=[event("a", "outside")])])
    await store.commit([Commit("b", accepted=[event("b", "inside")], worker="one")])
    same(await store.poked("two"), [])
    same(await store.poked("one"), ["a"])
    same(await store.poked("one"), [])


@law
async def a_started_instance_is_claimable_by_anybody(store: Store) -> None:
    """A started instance is claimable by anybody."""
    await _waiting(store)
    child = create("child").record
    assert child is not None
    await store.commit([create("a", worker="one")])
    await store.commit([turn("a", 0, started=[child], accepted=[event("child", "start")], worker="one")])
    same(await store.claim("two", ["M"]), ["child"])


@law
async def an_instance_that_has_ended_is_claimed_by_nobody(store: Store) -> None:
    """An instance that has ended is claimed by nobody."""
    await _waiting(store, "a")
    await store.commit([turn("a", 0, record=create("a", seq=1, status="done").record)])
    same(await store.claim("one", ["M"]), [])


@law
async def a_parked_instance_is_woken_by_controls_only(store: Store) -> None:
    """A parked instance is woken by controls only."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    fence = (await read(store, "a")).record.fence
    parked = create("a", seq=1, status="parked", fence=fence).record
    same(await store.commit([turn("a", 0, fence, record=parked, worker="one")]), [COMMITTED])
    await store.release("one", ["a"])
    same(await store.claim("two", ["M"]), [])
    await store.commit([Commit("a", accepted=[event("a", "retry", lane="control")])])
    same(await store.claim("two", ["M"]), ["a"])


@law
async def a_worker_leaves_when_it_has_given_everything_back(store: Store) -> None:
    """A worker leaves when it has given everything back."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    await store.leave("one")
    same(await store.claim("two", ["M"]), [], "it has not given back")
    await store.release("one", ["a"])
    await store.leave("one")
    same(await store.claim("two", ["M"]), ["a"])


@law
async def what_a_worker_has_it_may_claim_by_name_again(store: Store) -> None:
    """What a worker has it may claim by name again."""
    await _waiting(store, "a")
    same(await store.claim("one", ["M"]), ["a"])
    same(await store.claim("one", ["M"]), [])
    same(await store.claim("one", ["M"], named=["a"]), ["a"])
    same(await store.claim("two", ["M"], named=["a"]), [])


@law
async def an_instance_is_given_back_for_a_while(store: Store) -> None:
    """An instance may be given back until a time, and is claimable then, or by name."""
    await _waiting(store, "a", "b")
    await store.claim("one", ["M"])
    await store.release("one", ["a", "b"], until=5_000_000_000.0)
    same(await store.claim("two", ["M"]), [])
    same(await store.claim("two", ["M"], named=["b"]), ["b"])
    same(await store.claim("one", ["M"], now=5_000_000_000.0), ["a"])


@law
async def a_machine_whose_document_is_stored_is_claimed_by_anybody(store: Store) -> None:
    """An instance of a machine whose document is stored is claimed by anybody; others are counted."""
    begun, other = create("a", machine="Made"), create("b", machine="Other")
    begun.definitions = [Definition("Made", "1", "{}", 1.0)]
    await store.commit([begun, other])
    await store.commit([Commit(i, accepted=[event(i, f"r{i}")]) for i in "ab"])
    same(await store.unclaimed(["M"]), 1)
    same(await store.unclaimed(["M", "Other"]), 0)
    await store.heartbeat("one", LONG)
    same(await store.claim("one", ["M"]), ["a"])


@law
async def what_a_buried_worker_had_is_claimable_at_once(store: Store) -> None:
    """What a buried worker had is claimable at once, and its next heartbeat says so."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    await store.bury("unknown")
    await store.bury("one")
    same([(w.id, w.beat + w.lease, w.claims) for w in await store.workers()][:1], [("one", 0.0, 1)])
    same(await store.claim("two", ["M"]), ["a"])
    same(await store.heartbeat("one", LONG), False)
    same([(w.id, w.lease, w.claims) for w in await store.workers()], [("one", LONG, 0), ("two", LONG, 1)])


@law
async def what_may_have_moved_on_is_written_by_whoever_has_it(store: Store) -> None:
    """A commit that names a fence only is written by whoever has the instance, wherever it stands."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    fence = (await read(store, "a")).record.fence
    await store.commit([turn("a", 0, fence, worker="one")])
    call = CallRow("a", "c", "S.m", "d", 0, "1")
    same(await store.commit([Commit("a", fence=fence - 1, calls=[call])]), [LOST])
    same(await store.commit([Commit("none", fence=0, calls=[call])]), [LOST])
    same(await store.calls_of("a"), [])
    same(await store.commit([Commit("a", fence=fence, calls=[call])]), [COMMITTED])
    same(await store.calls_of("a"), [call])


@law
async def the_clock_of_the_store_goes_forwards(store: Store) -> None:
    """The clock of the store goes forwards."""
    first = await store.now()
    same(await store.now() >= first > 1e9, True)


@law
async def whoever_has_an_instance_that_somebody_else_ended_is_told(store: Store) -> None:
    """Whoever has an instance that somebody else ended is told."""
    await store.heartbeat("one", 60.0)
    await store.commit([create("a", worker="one"), create("b"), create("c", worker="one")])
    for id in "abc":
        ended = create(id, seq=1, status="cancelled", closed=1.0).record
        await store.commit([turn(id, 0, record=ended, expel=id != "c", worker="two")])
    same(await store.poked("one"), ["a"])
    same([worker.claims for worker in await store.workers()], [1])
    await store.release("one", ["a"])
    same([worker.claims for worker in await store.workers()], [0])


async def _dies(store: Store, worker: str, heir: str) -> None:
    await store.heartbeat(worker, OVER)
    await store.heartbeat(heir, LONG)
    same(await store.claim(heir, ["M"]), ["a"])


@law
async def deaths_are_counted_until_a_turn_is_committed(store: Store) -> None:
    """Deaths are counted until a turn is committed."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    same(await store.deaths("one"), {})
    await _dies(store, "one", "two")
    same(await store.deaths("two"), {}, "one may always die")
    await _dies(store, "two", "three")
    same(await store.deaths("three"), {"a": 2}, "it may have been the reason")
    await _dies(store, "three", "four")
    same(await store.deaths("four"), {"a": 2}, "it was not tried")
    await store.try_alone("four", "a")
    await _dies(store, "four", "five")
    same(await store.deaths("five"), {"a": 3}, "it was tried")
    same(await store.deaths("four"), {})
    await store.commit([turn("a", 0, (await read(store, "a")).record.fence)])
    same(await store.deaths("five"), {}, "it has taken a turn")
    await _dies(store, "five", "six")
    await _dies(store, "six", "seven")
    same(await store.deaths("seven"), {"a": 2}, "another turn of it is due")


@law
async def deaths_stay_when_an_instance_is_given_back(store: Store) -> None:
    """Deaths stay when an instance is given back."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    await _dies(store, "one", "two")
    await _dies(store, "two", "three")
    await store.release("three", ["a"])
    await store.heartbeat("four", LONG)
    same(await store.claim("four", ["M"]), ["a"])
    same(await store.deaths("four"), {"a": 2}, "giving it back is no death")


@law
async def deaths_are_forgotten_when_an_incident_is_resolved(store: Store) -> None:
    """Deaths are forgotten when an incident is resolved."""
    await _waiting(store, "a")
    await store.claim("one", ["M"])
    await _dies(store, "one", "two")
    await _dies(store, "two", "three")
    fence = (await read(store, "a")).record.fence
    same(await store.commit([Commit("a", seq=0, fence=fence, resolve="retried")]), [COMMITTED])
    same(await store.deaths("three"), {})


@law
async def who_had_nothing_due_is_not_counted_among_the_deaths(store: Store) -> None:
    """Who had nothing due is not counted among the deaths."""
    await store.commit([create("a"), Commit("a", timers_set=[Timer("a", "t", 1, 4e9)])])
    await store.heartbeat("one", LONG)
    await store.claim("one", ["M"], named=["a"])
    await _dies(store, "one", "two")
    await _dies(store, "two", "three")
    same(await store.deaths("three"), {})


LAWS: Final[tuple[Law, ...]] = (
    what_waits_is_claimed_by_one_worker,
    a_claim_takes_no_more_than_its_limit,
    only_instances_of_the_machines_named_are_claimed,
    a_claim_raises_the_fence_so_that_an_older_reader_writes_nothing,
    a_silent_worker_loses_its_instances_and_is_refused_when_it_wakes,
    a_heartbeat_in_time_keeps_everything,
    a_claim_counts_one_more_attempt_of_open_effects,
    the_first_heartbeat_finds_what_was_left_without_claims,
    a_released_instance_is_claimable_when_something_wakes_it,
    only_the_one_who_has_a_claim_gives_it_back,
    whoever_creates_an_instance_has_claimed_it,
    a_named_instance_is_claimed_though_nothing_wakes_it,
    a_worker_is_told_once_of_what_others_put_into_its_inboxes,
    a_started_instance_is_claimable_by_anybody,
    an_instance_that_has_ended_is_claimed_by_nobody,
    a_parked_instance_is_woken_by_controls_only,
    a_worker_leaves_when_it_has_given_everything_back,
    what_a_worker_has_it_may_claim_by_name_again,
    an_instance_is_given_back_for_a_while,
    a_machine_whose_document_is_stored_is_claimed_by_anybody,
    what_a_buried_worker_had_is_claimable_at_once,
    what_may_have_moved_on_is_written_by_whoever_has_it,
    the_clock_of_the_store_goes_forwards,
    whoever_has_an_instance_that_somebody_else_ended_is_told,
    deaths_are_counted_until_a_turn_is_committed,
    deaths_stay_when_an_instance_is_given_back,
    deaths_are_forgotten_when_an_incident_is_resolved,
    who_had_nothing_due_is_not_counted_among_the_deaths,
)
"""All of them."""
