"""Instances that an older class wrote go on with the newer one, or are left alone; nothing in between."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from fsm import Orchestrator, StateMachine
from fsm.errors import SnapshotNewer, SnapshotUnfit, StoreFull
from fsm.ports.store import Commit, Loaded, Store, Verdict
from fsm.runtime.migration import migration
from tests.fsm.runtime.desk import Clerk, Clock, Place, Wrapped, keeper_of, until_async
from tests.fsm.runtime.editions import Back, Desk, First, Go, Second, Stop, Strange, Third, Wider

pytestmark = pytest.mark.anyio
Class = type[StateMachine[Any, Any, Any]]


class Quoting(Clerk):
    """Answers what it is asked, and says how often it was."""

    async def ask(self, what: str) -> str:
        """Answer."""
        self.made.append(None)  # type: ignore[arg-type]
        gate = self.gates.get("any")
        if gate is not None:
            gate.arrived.set()
            await gate.go.wait()
        return f"asked {what}"


@pytest.fixture
def desk() -> Quoting:
    """Who answers at once."""
    return Quoting()


def run(place: Place, machine: Class, desk: Quoting, clock: Clock | None = None) -> Orchestrator:
    """A worker with one edition of the class."""
    services = {s.contract: desk for s in machine.__chart__.services}
    return Orchestrator(place.store(), [machine], services, clock=clock or Clock())


async def at(orchestrator: Orchestrator, leaf: str) -> None:
    """Wait until the instance is there."""

    async def there() -> bool:
        return (await orchestrator.get("a").snapshot()).configuration == {leaf}

    await until_async(there)


async def test_an_instance_whose_states_were_renamed_goes_on_by_a_turn_of_its_own(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        await old.start(First, id="a")
    async with run(place, Second, desk) as new:
        order = new.get("a", Second)
        snapshot = await order.snapshot()
        assert (snapshot.configuration, snapshot.seq, snapshot.context.euros) == ({"Open"}, 1, 0.0)
        assert (await place.loaded("a")).record.version == "1"  # looking at it writes nothing
        assert (await order.send(Go())).seq == 3
        turns = await order.history()
        assert [(t.seq, t.event, t.cause) for t in turns[:3]] == [
            (1, "start", "start@a"),
            (2, "migrate", "migrate:1>2"),
            (3, "Go", turns[2].cause),
        ]
        assert turns[1].payload == {"from": "1", "to": "2"}
        assert (turns[1].steps[0].exited, turns[1].steps[0].entered) == (("Cart",), ("Open",))
        assert turns[1].configuration == {"Open"}


async def test_a_migration_is_made_once(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        await old.start(First, id="a")
    for _ in range(2):
        async with run(place, Second, desk) as new:
            await keeper_of(new, "a")
            assert (await new.get("a").snapshot()).seq == 2


async def test_a_timer_keeps_its_due_time_under_its_new_name(place: Place, desk: Quoting) -> None:
    clock = Clock()
    async with run(place, First, desk, clock) as old:
        await (await old.start(First, id="a")).send(Go())
        await at(old, "Work.Wait")
    before = (await place.loaded("a")).timers
    clock.now += 1800.0
    async with run(place, Second, desk, clock) as new:
        await keeper_of(new, "a")
        assert (await new.get("a").snapshot()).configuration == {"Sale.Work.Wait"}
        after = (await place.loaded("a")).timers
        assert [t.key for t in after] == ["after:Sale.Work.Wait#bored"]
        assert [(t.generation, t.due) for t in after] == [(t.generation, t.due) for t in before]
        clock.advance(new, 1801.0)
        await at(new, "Aside")
        await new.get("a").send(Back())
        await at(new, "Sale.Work.Wait")  # the history was carried on as well


async def test_a_running_invoke_goes_on_with_the_data_brought_up(place: Place, desk: Quoting) -> None:
    gate = desk.hold("any")
    async with run(place, First, desk) as old:
        await (await old.start(First, id="a")).send(Go())
        await gate.arrived.wait()
    gate.go.set()
    async with run(place, Second, desk) as new:
        await at(new, "Sale.Work.Wait")
        assert (await new.get("a").snapshot()).context.log == ["asked {'euros': 2.5}"]
    assert len(desk.made) == 2  # cut short once


async def test_a_migrated_instance_equals_one_that_the_new_class_has_run_by_hand(place: Place, desk: Quoting) -> None:
    sends: list[list[Go | Back | Stop]] = [[], [Go()], [Go(), Stop()], [Go(), Stop(), Back()], [Go(), Go()]]
    for number, sent in enumerate(sends):
        async with run(place, First, desk) as old:
            order = await old.start(First, id=f"m{number}")
            for event in sent:
                await _quiet(order)
                await order.send(event)
            await _quiet(order)
        async with run(place, Second, desk) as new:
            theirs = await new.get(f"m{number}", Second).snapshot()
            by_hand = await new.start(Second, Second.__chart__.context(euros=0.0), id=f"h{number}")
            for event in sent:
                await _quiet(by_hand)
                await by_hand.send(event)
            await _quiet(by_hand)
            ours = await by_hand.snapshot()
            assert theirs.configuration == ours.configuration
            assert theirs.histories == ours.histories
            assert theirs.context.euros == ours.context.euros
            assert [(k, g) for k, g, _ in theirs.timers] == [(k, g) for k, g, _ in ours.timers]
            assert (theirs.status, theirs.generation, theirs.locals) == (ours.status, ours.generation, ours.locals)


async def _quiet(order: Any) -> None:
    async def stands() -> bool:
        return not (await order.snapshot()).invokes

    await until_async(stands)


async def test_everything_still_there_is_adopted_and_its_next_commit_says_so(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        await old.start(First, id="a")
    async with run(place, Wider, desk) as new:
        assert (await new.get("a").snapshot()).seq == 1
        assert (await place.loaded("a")).record.version == "1"
        await new.get("a").send(Stop())
    record = (await place.loaded("a")).record
    assert (record.version, record.digest, record.seq) == ("2", Wider.__chart__.digest, 2)


async def test_what_nobody_declared_is_left_to_the_older_code_and_counted(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        await (await old.start(First, id="a")).send(Go())
        await at(old, "Work.Wait")
    before = (await place.loaded("a")).record
    clock = Clock()
    async with run(place, Strange, desk, clock) as new:
        with pytest.raises(SnapshotUnfit, match=r"does not fit version 2 of this class: .*'Work.Wait'.*Migration\('1'"):
            await new.get("a").send(Go())
        assert new.left_alone == 1
        clock.now += 10.0
        assert new.left_alone == 0
    after = (await place.loaded("a")).record
    assert (after.seq, after.status, after.version) == (before.seq, "running", "1")  # not parked
    async with run(place, First, desk) as old:
        assert (await old.get("a").send(Go())).done


async def test_a_newer_instance_is_left_alone_by_older_code(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        await old.start(First, id="a")
    async with run(place, Second, desk) as new:
        await keeper_of(new, "a")
    async with run(place, First, desk) as old:
        with pytest.raises(SnapshotNewer):
            await old.get("a").send(Go())


class Dying(Wrapped):
    """A store whose worker dies at its next commit: before it is written, or before anybody is told."""

    def __init__(self, inner: Store, *, written: bool) -> None:
        super().__init__(inner)
        self.written, self.dead = written, False

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Die."""
        if self.written and not self.dead:
            await self.inner.commit(batch)
        self.dead = True
        raise StoreFull("the worker is dead")


@pytest.mark.parametrize("written", [False, True])
async def test_a_worker_may_die_before_and_after_the_commit(place: Place, desk: Quoting, written: bool) -> None:
    gate = desk.hold("any")
    async with run(place, First, desk) as old:
        await (await old.start(First, id="a")).send(Go())
        await gate.arrived.wait()
    before = await place.loaded("a")
    store: Any = Dying(place.store(), written=written)
    async with Orchestrator(store, [Second], {Desk: desk}) as dying:
        with pytest.raises(StoreFull):
            await keeper_of(dying, "a")
    after = await place.loaded("a")
    assert (after.record.seq, after.record.version) == (before.record.seq + written, "2" if written else "1")
    gate.go.set()
    async with run(place, Second, desk) as new:
        await at(new, "Sale.Work.Wait")
        assert [t.event for t in await new.get("a").history()][:4] == ["start", "Go", "migrate", "done.invoke.quote"]


async def test_a_store_that_cannot_write_a_migration_is_asked_again(memory: Place, desk: Quoting) -> None:
    async with run(memory, First, desk) as old:
        await old.start(First, id="a")
    store: Any = Wrapped(memory.store())
    async with Orchestrator(store, [Second], {Desk: desk}) as new:
        store.failing = [StoreFull("full")]
        with pytest.raises(StoreFull):
            await keeper_of(new, "a")
        assert (await memory.loaded("a")).record.version == "1"
        assert (await keeper_of(new, "a")).record.seq == 2


async def test_a_way_through_several_versions_is_one_turn(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        await (await old.start(First, id="a")).send(Go())
        await at(old, "Work.Wait")
    async with run(place, Third, desk) as new:
        await keeper_of(new, "a")
        assert (await new.get("a").snapshot()).configuration == {"Fresh"}
        assert [t.cause for t in await new.get("a").history()][-1] == "migrate:1>3"
        loaded = await place.loaded("a")
        assert (loaded.timers, loaded.effects) == ([], [])
        assert (await new.get("a").send(Stop())).done


async def test_an_invoke_that_a_migration_ends_leaves_no_answer(place: Place, desk: Quoting) -> None:
    gate = desk.hold("any")
    async with run(place, First, desk) as old:
        await (await old.start(First, id="a")).send(Go())
        await gate.arrived.wait()
    async with run(place, Third, desk) as new:
        await keeper_of(new, "a")
        assert (await new.get("a").snapshot()).configuration == {"Fresh"}
        loaded = await place.loaded("a")
        assert (loaded.effects, loaded.inbox) == ([], [])
        assert json.loads(loaded.record.moving).get("i", {}) == {}


async def test_an_ended_instance_is_read_by_the_newer_class_and_stays_as_it_was(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        order = await old.start(First, id="a")
        await order.send(Go())
        await at(old, "Work.Wait")
        await order.send(Go())
    before = (await place.loaded("a")).record
    async with run(place, Second, desk) as new:
        assert (await new.get("a").snapshot()).context.euros == 2.5
        assert await new.get("a").result() is None
    after = (await place.loaded("a")).record
    assert (after.seq, after.version, after.context) == (before.seq, "1", before.context)


async def test_a_paused_instance_is_migrated_and_stays_paused(place: Place, desk: Quoting) -> None:
    async with run(place, First, desk) as old:
        await old.start(First, id="a")
        await old.pause("a")
    async with run(place, Second, desk) as new:
        snapshot = await new.get("a").snapshot()
        assert (snapshot.configuration, snapshot.status) == ({"Open"}, "paused")
        await new.resume("a")
        assert (await new.get("a").send(Go())).seq == 3


async def test_an_upcaster_that_fails_leaves_the_instance_alone(memory: Place, desk: Quoting) -> None:
    async with run(memory, First, desk) as old:
        await old.start(First, id="a")
    loaded = await memory.loaded("a")
    spoilt = Loaded(loaded.record)
    spoilt.record.context = b'{"log":[]}'
    with pytest.raises(SnapshotUnfit, match=r"'cents'.*mend its migrations="):
        migration(Second, spoilt, 0.0)


async def test_instances_are_migrated_as_soon_as_they_have_work(place: Place, desk: Quoting) -> None:
    clock = Clock()
    async with run(place, First, desk, clock) as old:
        await (await old.start(First, id="a")).send(Go())
        await at(old, "Work.Wait")
    clock.now += 7200.0
    async with run(place, Second, desk, clock):

        async def aside() -> bool:
            return (await place.loaded("a")).record.config == '["Aside"]'

        await until_async(aside)
