"""Laws of schedules: a due time is fired once, together with what it does, and nothing is fired at rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fsm.ports.schedule import Firing, ScheduleRow
from fsm.ports.store import Commit, Store, Verdict
from persistence.conformance.law import Law, Place, create, event, law, opened, read, record, same

NIGHTLY: Final = ScheduleRow("nightly", "0 2 * * * UTC", "start Order", next=100.0)
FIRED: Final = Firing("nightly", NIGHTLY.rhythm, seen=100.0, next=200.0, last=100.0, said="started n")


def _firing(firing: Firing = FIRED, id: str = "n") -> Commit:
    """The commit that fires a schedule and begins an instance."""
    start = event(id, f"start@{id}", lane="start")
    return Commit("schedule:nightly", firing=firing, started=[record(id)], accepted=[start])


@law
async def schedules_are_read_as_they_were_declared(store: Store) -> None:
    """Schedules are read as they were declared, in order of name."""
    other = ScheduleRow("b", "every 1h", "send Go to a", next=0.1, last=7.25, said="said", paused=1)
    await store.declare([NIGHTLY, other])
    same(await store.schedules(), [other, NIGHTLY])


@law
async def what_is_declared_again_goes_on_where_it_stands(store: Store) -> None:
    """What is declared again goes on where it stands, and says what it does now."""
    await store.declare([NIGHTLY])
    await store.commit([_firing()])
    await store.declare([replace(NIGHTLY, next=900.0, does="start Bill")])
    same(await store.schedules(), [replace(NIGHTLY, next=200.0, last=100.0, said="started n", does="start Bill")])


@law
async def another_rhythm_begins_anew(store: Store) -> None:
    """Another rhythm begins anew; what was fired and whether it rests stays."""
    await store.declare([NIGHTLY])
    await store.commit([_firing()])
    await store.pause_schedule("nightly", paused=True)
    hourly = replace(NIGHTLY, rhythm="every 1h", next=3600.0)
    await store.declare([hourly])
    same(await store.schedules(), [replace(hourly, last=100.0, said="started n", paused=1)])


@law
async def a_firing_and_what_it_does_are_written_together(store: Store) -> None:
    """A firing and what it does are written together."""
    await store.declare([NIGHTLY])
    same(await store.commit([_firing()]), [Verdict.COMMITTED])
    same([row.ref for row in (await read(store, "n")).inbox], ["start@n"])
    same(await store.schedules(), [replace(NIGHTLY, next=200.0, last=100.0, said="started n")])
    await store.heartbeat("w", 3600.0)
    same(await store.claim("w", ["M"]), ["n"])


@law
async def a_due_time_is_fired_once(store: Store) -> None:
    """A due time is fired once, whoever tries, and in the same batch too."""
    await store.declare([NIGHTLY])
    same(await store.commit([_firing(), _firing(id="m")]), [Verdict.COMMITTED, Verdict.LOST])
    same(await store.commit([_firing(id="k")]), [Verdict.LOST])
    same([await store.load("m"), await store.load("k")], [None, None])


async def the_views_of_a_store_share_its_schedules(place: Place) -> None:
    """The views of a store share its schedules: of two that read the same due time one fires it."""
    async with opened(place) as one, opened(place) as two:
        await one.declare([NIGHTLY])
        await two.declare([NIGHTLY])
        same(await one.commit([_firing()]), [Verdict.COMMITTED])
        same(await two.commit([_firing(id="m")]), [Verdict.LOST])
        same(await two.load("m"), None)


@law
async def a_schedule_at_rest_in_another_rhythm_or_forgotten_is_not_fired(store: Store) -> None:
    """A schedule at rest, in another rhythm or forgotten is not fired."""
    same(await store.commit([_firing()]), [Verdict.LOST])
    await store.declare([NIGHTLY])
    same(await store.pause_schedule("nightly", paused=True), True)
    same(await store.commit([_firing()]), [Verdict.LOST])
    same(await store.pause_schedule("nightly", paused=False), True)
    same(await store.commit([_firing(replace(FIRED, rhythm="every 1h"))]), [Verdict.LOST])
    same(await store.forget_schedule("nightly"), True)
    same(await store.commit([_firing()]), [Verdict.LOST])
    same([await store.forget_schedule("nightly"), await store.pause_schedule("nightly", paused=True)], [False, False])
    same(await store.load("n"), None)


@law
async def a_firing_that_is_lost_leaves_its_neighbours_alone(store: Store) -> None:
    """A firing that is lost leaves its neighbours in the batch alone."""
    await store.declare([NIGHTLY])
    lost = _firing(replace(FIRED, seen=50.0))
    same(await store.commit([create("a"), lost, create("b")]), [Verdict.COMMITTED, Verdict.LOST, Verdict.COMMITTED])
    same(await store.schedules(), [NIGHTLY])


LAWS: Final[tuple[Law, ...]] = (
    schedules_are_read_as_they_were_declared,
    what_is_declared_again_goes_on_where_it_stands,
    another_rhythm_begins_anew,
    a_firing_and_what_it_does_are_written_together,
    a_due_time_is_fired_once,
    the_views_of_a_store_share_its_schedules,
    a_schedule_at_rest_in_another_rhythm_or_forgotten_is_not_fired,
    a_firing_that_is_lost_leaves_its_neighbours_alone,
)
"""All of them."""
