"""Human tasks live as long as their state; what people do with them happens once, whoever runs the instance."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest

from fsm import (
    Context,
    Done,
    Event,
    Final,
    Orchestrator,
    Parallel,
    State,
    StateMachine,
    all_done,
    edge,
    guard,
    invoke,
    on,
    output,
)
from fsm.errors import (
    FormInvalid,
    OrchestratorClosed,
    TaskClosed,
    TaskError,
    TaskTaken,
    TaskUnknown,
)
from fsm.people import Completed, Task, deadline, human
from fsm.ports.store import Record
from fsm.runtime.people import People
from persistence import MemoryStore
from tests.fsm.runtime.desk import Clock, Place, settled, until_async

pytestmark = pytest.mark.anyio


class Answer(Context):
    approve: bool
    note: str = ""


class Recall(Event): ...


class Note(Event):
    text: str


class Told(Context):
    said: list[str] = []


class Loan(StateMachine[Told, Recall | Note, list[str]]):
    """Is reviewed until somebody approves."""

    class Review(State, initial=True): ...

    class Escalated(State): ...

    class Decided(Final): ...

    class Recalled(Final): ...

    sla = deadline(Review, warn="4h", breach="3d")

    @guard
    def approved(self, ev: Done[Answer]) -> bool:
        return ev.data.approve

    @human(Review, form=Answer, assignee="credit", due="2d")
    def review(self) -> str:
        return f"Loan {self.id} after {len(self.ctx.said)} refusals"

    @review.done(to=Decided, when=approved)
    def decided(self, ev: Done[Answer]) -> None:
        self.ctx.said.append(f"yes {ev.data.note}")

    @review.done(to=Review)
    def refused(self, ev: Done[Answer]) -> None:
        self.ctx.said.append(f"no {ev.data.note}")

    escalated = review.overdue(to=Escalated)

    @sla.warned()
    def warn(self) -> None:
        self.ctx.said.append("hurry")

    recall = edge(Recall, to=Recalled)

    @on(Note)
    def note(self, ev: Note) -> None:
        self.ctx.said.append(ev.text)

    @output(Decided)
    def told(self) -> list[str]:
        return self.ctx.said


class Pair(StateMachine[Told, Recall]):
    """Asks two people at once, and one of them only for the record."""

    class Asking(Parallel, initial=True):
        class Left(State):
            class Open(State, initial=True): ...

            class Closed(Final): ...

        class Right(State):
            class Open(State, initial=True): ...

            class Closed(Final): ...

    class Late(Final): ...

    class Both(Final): ...

    @human(Asking.Left.Open, form=Answer)
    def left(self) -> str:
        return "left"

    left_done = left.done(to=Asking.Left.Closed)

    @human(Asking.Right.Open, form=Answer, due="1h")
    def right(self) -> str:
        return "right"

    @right.done()
    def kept(self, ev: Done[Answer]) -> None:
        self.ctx.said.append("right")

    late = right.overdue(to=Late)
    both = all_done(Asking, to=Both)
    recall = edge(Recall, Asking.Right.Open, to=Asking.Right.Closed)


class Slow(StateMachine[Told, Recall]):
    """Should not stay open for long."""

    class Open(State, initial=True): ...

    class Closed(Final): ...

    sla = deadline(Open, breach="3h")
    close = edge(Recall, Open, to=Closed)


async def only(people: People, **wanted: Any) -> Task:
    (task,) = await people.tasks(**wanted)
    return task


async def test_a_task_is_opened_by_the_turn_that_enters_its_state(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Loan])) as orchestrator:
        await orchestrator.start(Loan, id="L-1")
        task = await only(orchestrator.people)
        assert (task.id, task.instance, task.machine) == (f"L-1/review.{task.generation}", "L-1", "Loan")
        assert (task.name, task.state, task.status, task.assignee) == ("review", "Review", "open", "credit")
        assert (task.text, task.schema["required"]) == ("Loan L-1 after 0 refusals", ["approve"])
        assert (task.opened, task.due) == (clock.now, clock.now + 2 * 86_400)


async def test_the_answer_is_a_turn_and_a_loop_opens_another_task(place: Place) -> None:
    async with Orchestrator(place.store(), [Loan]) as orchestrator:
        loan, people = await orchestrator.start(Loan, id="L-1"), orchestrator.people
        first = await only(people)
        done = await people.complete(first.id, Answer(approve=False, note="too much"), by="ann", reason="policy 7")
        assert (done.status, done.by, done.answer) == ("completed", "ann", {"approve": False, "note": "too much"})

        async def again() -> bool:
            return [t.id for t in await people.tasks()] not in ([], [first.id])

        await until_async(again)
        second = await only(people)
        assert second.text == "Loan L-1 after 1 refusals"
        await people.complete(second.id, {"approve": True}, by="bob")
        assert await loan.result(timeout=30) == ["no too much", "yes "]
        turns = [(e.event, e.actor, e.reason) for e in await loan.history()]
        assert turns[1:] == [("done.invoke.review", "ann", "policy 7"), ("done.invoke.review", "bob", "")]
        with pytest.raises(TaskClosed, match=r"was completed by 'ann'; Loan 'L-1' is done in Decided\. Nothing was"):
            await people.complete(first.id, {"approve": True}, by="bob")
        assert [t.status for t in await people.tasks(status="all", instance="L-1")] == ["completed", "completed"]


async def test_a_rewind_asks_anew_with_what_was_left_of_the_time(place: Place) -> None:
    clock, who = Clock(), {"by": "ann", "reason": "look again"}
    async with clock.drive(Orchestrator(place.store(), [Loan])) as orchestrator:
        loan, people = await orchestrator.start(Loan, Told(said=["hello"]), id="L-1"), orchestrator.people
        first = await only(people)
        await people.claim(first.id, by="bob")
        await loan.send(Note(text="later"))
        clock.now += 86_400
        await orchestrator.rewind("L-1", at=1, **who)
        second = await only(people)
        assert (second.status, second.claimed_by, second.text) == ("open", "", "Loan L-1 after 1 refusals")
        assert second.due == clock.now + 2 * 86_400
        assert (await loan.snapshot()).context.said == ["hello"]
        with pytest.raises(TaskClosed):
            await people.complete(first.id, {"approve": True}, by="bob")
        forked = await orchestrator.fork("L-1", "L-2")
        await people.complete((await only(people, instance="L-2")).id, {"approve": True}, by="bob")
        assert await forked.result(timeout=30) == ["hello", "yes "]
        assert [t.id for t in await people.tasks()] == [second.id]


async def test_terminating_withdraws_the_task(place: Place) -> None:
    async with Orchestrator(place.store(), [Loan]) as orchestrator:
        loan, people = await orchestrator.start(Loan, id="L-1"), orchestrator.people
        task = await only(people)
        await loan.terminate(by="ann", reason="gone")
        assert [(t.id, t.status) for t in await people.tasks(status="all")] == [(task.id, "withdrawn")]
        entry = (await loan.history())[-1]
        assert (entry.event, entry.actor, entry.reason) == ("terminate", "ann", "gone")


async def test_leaving_the_state_withdraws_the_task(place: Place) -> None:
    async with Orchestrator(place.store(), [Loan]) as orchestrator:
        loan, people = await orchestrator.start(Loan, id="L-1"), orchestrator.people
        cancelled = await orchestrator.start(Loan, id="L-2")
        gone = await only(people, instance="L-1")
        await loan.send(Recall())
        await cancelled.cancel()
        assert await people.tasks() == []
        withdrawn = await people.tasks(status="withdrawn", machine=Loan)
        assert [(t.instance, t.closed is not None) for t in withdrawn] == [("L-1", True), ("L-2", True)]
        with pytest.raises(TaskClosed, match="was withdrawn: its state was left; Loan 'L-1' is done in Recalled"):
            await people.complete(gone.id, {"approve": True}, by="ann")


async def test_of_two_people_at_once_one_succeeds(place: Place) -> None:
    async with Orchestrator(place.store(), [Loan]) as one, Orchestrator(place.store(), [Loan]) as two:
        loan = await one.start(Loan, id="L-1")
        task, told = await only(two.people), list[str]()

        async def act(people: People, verb: str, by: str) -> None:
            try:
                if verb == "claim":
                    await people.claim(task.id, by=by)
                else:
                    await people.complete(task.id, {"approve": True, "note": by}, by=by)
                told.append(by)
            except (TaskTaken, TaskClosed):
                pass

        async with anyio.create_task_group() as group:
            for people, by in ((one.people, "ann"), (two.people, "bob")):
                group.start_soon(act, people, "claim", by)
        (claimant,) = told
        async with anyio.create_task_group() as group:
            for people in (one.people, two.people):
                group.start_soon(act, people, "complete", "cid")
        assert told == [claimant]
        await one.people.release(task.id, by=claimant)
        told.clear()
        async with anyio.create_task_group() as group:
            for people, by in ((one.people, "ann"), (two.people, "bob")):
                group.start_soon(act, people, "complete", by)
        assert await loan.result(timeout=30) == [f"yes {told[0]}"]
        assert len(told) == 1


async def test_a_claim_is_kept_given_back_and_handed_on(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Loan])) as orchestrator:
        await orchestrator.start(Loan, id="L-1")
        people = orchestrator.people
        task = await only(people)
        claimed = await people.claim(task.id, by="ann")
        assert await people.claim(task.id, by="ann") == claimed == await only(people, claimed_by="ann")
        with pytest.raises(TaskTaken, match="is claimed by 'ann'; let them release it, or reassign it"):
            await people.release(task.id, by="bob")
        released = await people.release(task.id, by="ann", reason="lunch")
        assert (released.status, released.claimed_by) == ("open", "")
        assert await people.release(task.id, by="ann") == released
        await people.claim(task.id, by="ann")
        handed = await people.reassign(task.id, to="legal", by="boss", reason="unclear")
        assert (handed.assignee, handed.status, handed.claimed_by, handed.escalation) == ("legal", "open", "", 1)
        assert [(a.verb, a.by, a.to, a.reason) for a in handed.history] == [
            ("claim", "ann", "", ""),
            ("release", "ann", "", "lunch"),
            ("claim", "ann", "", ""),
            ("reassign", "boss", "legal", "unclear"),
        ]
        assert await people.tasks(assignee="credit") == []


async def test_a_wrong_answer_writes_nothing(place: Place) -> None:
    async with Orchestrator(place.store(), [Loan]) as orchestrator:
        await orchestrator.start(Loan, id="L-1")
        people = orchestrator.people
        task = await only(people)
        with pytest.raises(FormInvalid, match="approve: Field required") as caught:
            await people.complete(task.id, {"note": "?"}, by="ann")
        assert (caught.value.task, caught.value.problems) == (task.id, (("approve", "Field required"),))
        with pytest.raises(TaskError, match="nobody is named; say by="):
            await people.claim(task.id, by="")
        with pytest.raises(TaskUnknown, match=r"no human task 'L-9/review\.1' in the store"):
            await people.claim("L-9/review.1", by="ann")
        assert await only(people) == task
    with pytest.raises(OrchestratorClosed):
        _ = orchestrator.people


async def test_the_same_answer_of_the_same_person_again_is_the_same_answer(place: Place) -> None:
    async with Orchestrator(place.store(), [Loan]) as orchestrator:
        loan, people = await orchestrator.start(Loan, id="L-1"), orchestrator.people
        task = await only(people)
        first = await people.complete(task.id, {"approve": True}, by="ann")
        assert await people.complete(task.id, Answer(approve=True), by="ann") == first
        assert await loan.result(timeout=30) == ["yes "]


async def test_an_answer_is_accepted_where_nobody_runs_and_taken_by_the_next_worker(place: Place) -> None:
    async with Orchestrator(place.store(), [Loan]) as orchestrator:
        await orchestrator.start(Loan, id="L-1")
    store = place.store()
    await store.open(owner=False)

    async def machine_of(record: Any) -> Any:
        return Loan

    people = People(store, store.commit, machine_of, lambda: 5.0, lambda instance: None)
    await people.complete((await only(people)).id, {"approve": True, "note": "alone"}, by="ann")
    await store.close()
    async with Orchestrator(place.store(), [Loan]) as orchestrator:
        loan = orchestrator.get("L-1", Loan)
        assert await loan.result(timeout=30) == ["yes alone"]
        assert [e.actor for e in await loan.history()] == ["", "ann"]


async def test_an_answer_that_its_state_no_longer_waits_for_is_withdrawn(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Loan]) as orchestrator:
        loan, people = await orchestrator.start(Loan, id="L-1"), orchestrator.people
        await orchestrator.pause("L-1")
        await loan.send(Recall(), wait="accepted")
        task = await only(people)
        await people.complete(task.id, {"approve": True}, by="ann")
        await orchestrator.resume("L-1")

        async def gone() -> bool:
            return [t.status for t in await people.tasks(status="all")] == ["withdrawn"]

        await until_async(gone)
        assert set((await loan.snapshot()).configuration) == {"Recalled"}
        (late,) = await people.tasks(status="all")
        assert (late.by, late.answer) == ("ann", {"approve": True, "note": ""}), "what was said is kept"
        assert [e.actor for e in await loan.history()] == ["", ""]


async def test_what_is_overdue_takes_its_edge_and_is_no_longer_asked(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Loan])) as orchestrator:
        loan, people = await orchestrator.start(Loan, id="L-1"), orchestrator.people
        clock.advance(orchestrator, 4 * 3600)

        async def warned() -> bool:
            return (await loan.snapshot()).context.said == ["hurry"]

        await until_async(warned)
        assert not (await only(people)).overdue(clock.now)
        clock.advance(orchestrator, 2 * 86_400)
        await until_async(lambda: in_state(loan, "Escalated"))
        assert await people.tasks() == []
        assert [e.event for e in await loan.history()] == ["start", "warn:Review#sla", "overdue:Review#review"]


async def in_state(instance: Any, state: str) -> bool:
    return set((await instance.snapshot()).configuration) == {state}


async def test_the_calendar_says_when_a_task_is_due_and_a_deadline_over(place: Place) -> None:
    def slowly(start: datetime, delay: timedelta) -> datetime:
        return start + 10 * delay

    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Loan], calendar=slowly)) as orchestrator:
        loan = await orchestrator.start(Loan, id="L-1")
        hour = 3600.0
        times = {key: due - clock.now for key, _, due in (await loan.snapshot()).timers}
        assert times == {
            "overdue:Review#review": 480 * hour,
            "warn:Review#sla": 40 * hour,
            "breach:Review#sla": 720 * hour,
        }
        assert (await only(orchestrator.people)).due == clock.now + 480 * hour


async def test_tasks_of_regions_are_answered_one_by_one_and_an_answered_one_is_not_overdue(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Pair])) as orchestrator:
        pair, people = await orchestrator.start(Pair, id="P"), orchestrator.people
        tasks = {task.name: task for task in await people.tasks()}
        assert sorted(tasks) == ["left", "right"]
        await people.complete(tasks["right"].id, {"approve": True}, by="ann")

        async def kept() -> bool:
            return (await pair.snapshot()).context.said == ["right"]

        await until_async(kept)
        assert (await pair.snapshot()).timers == ()
        clock.advance(orchestrator, 7200)
        await settled()
        await pair.send(Recall())
        await people.complete(tasks["left"].id, {"approve": True}, by="bob")
        await pair.result(timeout=30)
        assert set((await pair.snapshot()).configuration) == {"Both"}


async def test_a_parked_instance_keeps_the_answer_for_the_retry(memory: Place) -> None:
    class Picky(Loan):
        broken = True

        @Loan.review.done(to=Loan.Decided)
        def refused(self, ev: Done[Answer]) -> None:
            if type(self).broken:
                raise ValueError("not yet")
            self.ctx.said.append("at last")

    async with Orchestrator(memory.store(), [Picky]) as orchestrator:
        loan, people = await orchestrator.start(Picky, id="L-1"), orchestrator.people
        await people.complete((await only(people)).id, {"approve": False}, by="ann")

        async def parked() -> bool:
            return (await loan.snapshot()).status == "parked"

        await until_async(parked)
        type.__setattr__(Picky, "broken", False)
        await orchestrator.retry("L-1")
        assert await loan.result(timeout=30) == ["at last"]


async def test_a_task_whose_machine_has_it_no_more_is_told_so(memory: Place) -> None:
    class Other(StateMachine[Told], name="Loan"):
        class Review(State, initial=True): ...

    async with Orchestrator(memory.store(), [Loan]) as orchestrator:
        await orchestrator.start(Loan, id="L-1")
    async with Orchestrator(memory.store(), [Other]) as orchestrator:
        task = await only(orchestrator.people)
        with pytest.raises(TaskError, match="Loan has no human task 'review' any more"):
            await orchestrator.people.complete(task.id, {"approve": True}, by="ann")


async def test_an_erased_instance_leaves_nothing_to_complete(memory: Place) -> None:
    async with Orchestrator(memory.store(), [Loan]) as orchestrator:
        loan = await orchestrator.start(Loan, id="L-1")
        task = await only(orchestrator.people)
        await loan.send(Recall())
        await orchestrator.store.erase("L-1")
        with pytest.raises(TaskUnknown):
            await orchestrator.people.complete(task.id, {"approve": True}, by="ann")


async def test_whoever_was_overtaken_between_reading_and_writing_is_told(memory: Place) -> None:
    store = memory.store()
    assert isinstance(store, MemoryStore)
    async with Orchestrator(store, [Loan]) as orchestrator:
        await orchestrator.start(Loan, id="L-1")
        people = orchestrator.people
        task = await only(people)

        async def overtaken(batch: Any) -> Any:
            if batch[0].tasks[0].claimed_by == "bob":
                await people.reassign(task.id, to="legal", by="boss")
            return await store.commit(batch)

        slow = People(store, overtaken, people._machine_of, lambda: 5.0, lambda instance: None)
        with pytest.raises(TaskTaken, match="was changed at the same moment and is open; look at it again"):
            await slow.claim(task.id, by="bob")
        assert json.loads((await only(people)).acts)[0]["verb"] == "reassign"


async def test_breaches_are_recorded_and_found_whether_there_is_an_edge_or_not(place: Place) -> None:
    clock = Clock()
    async with clock.drive(Orchestrator(place.store(), [Slow])) as orchestrator:
        late = await orchestrator.start(Slow, id="late")
        clock.now += 7200
        await orchestrator.start(Slow, id="new")
        clock.advance(orchestrator, 3600)

        async def breached() -> list[str]:
            return [s.id for s in await orchestrator.find(machine=Slow, breached=True)]

        async def found() -> bool:
            return await breached() == ["late"]

        await until_async(found)
        assert [(e.event, e.transitions) for e in await late.history()][1:] == [("breach:Open#sla", ("sla.breach",))]
        assert set((await late.snapshot()).configuration) == {"Open"}


class Again(Event): ...


class Copied(StateMachine[Told, Again]):
    """Asks in a state, and in a copy of it."""

    class First(State, initial=True): ...

    class Second(First): ...

    class Over(Final): ...

    @human(First, form=Answer)
    def ask(self) -> str:
        return "?"

    @ask.done(to=Over)
    def told(self, ev: Done[Answer]) -> None:
        if not ev.data.approve:
            raise ValueError("no")

    again = edge(Again, First, to=Second)


@pytest.mark.parametrize("id", ["C-1", "C@1#2"])
async def test_a_task_of_a_copied_state_is_answered_and_skipped_as_any_other(place: Place, id: str) -> None:
    async with Orchestrator(place.store(), [Copied]) as orchestrator:
        people = orchestrator.people
        for number, approve in enumerate((True, False)):
            copied = await orchestrator.start(Copied, id=f"{id}{number}")
            await copied.send(Again())
            task = await only(people, instance=copied.id)
            assert task.name == "ask@Second"
            await people.complete(task.id, {"approve": approve}, by="ann")
            if approve:
                await copied.result(timeout=30)
                assert (await copied.history())[-1].actor == "ann"
                continue

            async def parked(instance: Any = copied) -> bool:
                return bool((await instance.snapshot()).status == "parked")

            await until_async(parked)
            await orchestrator.skip(copied.id, by="boss")
            kept = await people.tasks(instance=copied.id, status="all")
            assert [(t.name, t.status) for t in kept] == [("ask", "withdrawn"), ("ask@Second", "withdrawn")]


class Signed(StateMachine[Told, Event, list[str]]):
    """Wants two signatures, of two people; the one who gave the second is still known to the work that follows."""

    class First(State, initial=True): ...

    class Second(State): ...

    class Filing(State): ...

    class Filed(Final): ...

    @guard
    def another(self, ev: Completed[Answer]) -> bool:
        return ev.by not in self.ctx.said

    @human(First, form=Answer)
    def first(self) -> str:
        return "first"

    @human(Second, form=Answer)
    def second(self) -> str:
        return "second"

    @first.done(to=Second)
    def begin(self, ev: Completed[Answer]) -> None:
        assert ev.data.approve
        self.ctx.said.append(ev.by)

    again = second.done(to=Second, when=~another)

    @second.done(to=Filing)
    def end(self, ev: Done[Answer]) -> None:
        assert isinstance(ev, Completed)
        self.ctx.said.append(ev.by)

    @invoke(Filing)
    async def file(self, ev: Completed[Answer]) -> str:
        return f"filed for {ev.by}"

    @file.done(to=Filed)
    def filed(self, ev: Done[str]) -> None:
        self.ctx.said.append(ev.data)

    @output(Filed)
    def told(self) -> list[str]:
        return self.ctx.said


async def test_the_machine_sees_who_has_completed_a_task(place: Place) -> None:
    async with Orchestrator(place.store(), [Signed]) as orchestrator:
        case, people = await orchestrator.start(Signed, id="S-1"), orchestrator.people
        first = await only(people)
        await people.complete(first.id, Answer(approve=True), by="ann")
        await case.wait_for(Signed.Second)
        second = await only(people)
        await people.complete(second.id, Answer(approve=True), by="ann")
        await until_async(lambda: _other(people, second))
        await people.complete((await only(people)).id, Answer(approve=True), by="bob")
        assert await case.result(timeout=30) == ["ann", "bob", "filed for bob"]
        taken = [entry for entry in await case.history() if entry.actor]
        assert [(e.actor, e.payload) for e in taken] == [
            (by, {"approve": True, "note": ""}) for by in ("ann", "ann", "bob")
        ]


async def _other(people: People, than: Task) -> bool:
    return [task.id for task in await people.tasks()] not in ([], [than.id])


async def test_who_has_completed_a_task_is_known_to_the_next_worker_too(place: Place) -> None:
    async with Orchestrator(place.store(), [Signed]) as orchestrator:
        await orchestrator.start(Signed, id="S-1")
    async with Orchestrator(place.store(), []) as elsewhere:  # nobody here takes the turn
        people = People(elsewhere.store, elsewhere.store.commit, _signed, lambda: 0.0, lambda instance: None)
        await people.complete((await only(elsewhere.people)).id, Answer(approve=True), by="ann")
    async with Orchestrator(place.store(), [Signed]) as orchestrator:
        case = orchestrator.get("S-1", Signed)
        await case.wait_for(Signed.Second, timeout=30)
        assert (await case.snapshot()).context.said == ["ann"]


async def _signed(record: Record) -> type[Signed]:
    return Signed


async def test_an_operator_who_changes_an_answer_does_not_change_who_gave_it(place: Place) -> None:
    async with Orchestrator(place.store(), [Signed]) as orchestrator:
        case = await orchestrator.start(Signed, id="S-1")
        await orchestrator.people.complete((await only(orchestrator.people)).id, Answer(approve=False), by="ann")
        await until_async(lambda: _parked(orchestrator))
        await orchestrator.retry("S-1", by="eve", payload={"approve": True})
        await case.wait_for(Signed.Second, timeout=30)
        assert (await case.snapshot()).context.said == ["ann"]


async def _parked(orchestrator: Orchestrator) -> bool:
    return bool(await orchestrator.find(status="parked"))


def test_a_rehearsal_says_who_has_completed_a_task() -> None:
    r = Signed.rehearse()
    r.complete("first", Answer(approve=True), by="ann")
    r.complete("second", Answer(approve=True), by="ann")
    assert r.configuration == {"Second"}
    r.complete("second", Answer(approve=True), by="bob")
    assert Signed.rehearse(snapshot=r.snapshot()).settle().output == ["ann", "bob", "filed for bob"]
