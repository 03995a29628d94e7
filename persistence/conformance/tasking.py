"""Laws of human tasks: opened and withdrawn with a turn, changed by one person at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fsm.ports.store import Commit, Store, Verdict
from fsm.ports.task import CALLS, Task
from persistence.conformance.law import Law, create, event, law, read, same, turn


def _task(instance: str = "a", generation: int = 1, **changed: Any) -> Task:
    id = f"{instance}/review.{generation}"
    made = Task(id, instance, "M", "review", generation, "idle", "{}", "Look", "credit", opened=float(generation))
    return replace(made, **changed)


def _claimed(task: Task, by: str) -> Task:
    acts = f'[{{"verb": "claim", "by": "{by}", "at": 2.0}}]'
    return replace(task, status="claimed", claimed_by=by, acts=acts, revision=task.revision + 1)


@law
async def a_task_is_opened_by_a_turn_and_read_as_it_was_written(store: Store) -> None:
    """A task is opened by a turn and read as it was written."""
    task = _task(due=9.5)
    await store.commit([create("a"), turn("a", 0, tasks=[task])])
    same(await store.tasks(id=task.id), [task])
    same(await store.tasks(id="nobody"), [])


@law
async def a_turn_that_is_lost_opens_and_withdraws_nothing(store: Store) -> None:
    """A turn that is lost opens and withdraws nothing."""
    await store.commit([create("a"), turn("a", 0, tasks=[_task()])])
    lost = turn("a", 0, tasks=[_task(generation=2)], withdrawn=[("review", 1)])
    same(await store.commit([lost]), [Verdict.LOST])
    same(await store.tasks(), [_task()])


@law
async def of_two_changes_of_one_task_the_second_is_lost(store: Store) -> None:
    """Of two changes of one task the second is lost, with all that is in its commit."""
    await store.commit([create("a"), turn("a", 0, tasks=[_task()])])
    mine, yours = _claimed(_task(), "ann"), _claimed(_task(), "bob")
    answer = event("a", "result:review#1@a", lane="result")
    late = Commit("a", tasks=[yours], accepted=[answer])
    same(await store.commit([Commit("a", tasks=[mine]), late]), [Verdict.COMMITTED, Verdict.LOST])
    same(await store.tasks(), [mine])
    same((await read(store, "a")).inbox, [])


@law
async def the_answer_of_a_task_is_accepted_together_with_its_end(store: Store) -> None:
    """The answer of a task is accepted together with its end."""
    await store.commit([create("a"), turn("a", 0, tasks=[_task()])])
    done = replace(_task(), status="completed", by="ann", outcome="{}", closed=3.0, revision=1)
    answer = event("a", "result:review#1@a", lane="result")
    same(await store.commit([Commit("a", tasks=[done], accepted=[answer])]), [Verdict.COMMITTED])
    same((await store.tasks(), [row.ref for row in (await read(store, "a")).inbox]), ([done], [answer.ref]))
    same(await store.commit([Commit("a", tasks=[replace(done, by="bob", revision=2)])]), [Verdict.LOST])


@law
async def a_task_that_is_withdrawn_cannot_be_changed_any_more(store: Store) -> None:
    """A task that is withdrawn cannot be changed any more."""
    await store.commit([create("a"), turn("a", 0, tasks=[_task(), _task(generation=2)])])
    same(await store.commit([turn("a", 1, withdrawn=[("review", 1)])]), [Verdict.COMMITTED])
    gone = replace(_task(), status="withdrawn", closed=12.0, revision=1)
    same(await store.tasks(), [gone, _task(generation=2)])
    same(await store.commit([Commit("a", tasks=[_claimed(gone, "ann")])]), [Verdict.LOST])


@law
async def tasks_that_stand_for_calls_end_with_their_stay_unless_completed(store: Store) -> None:
    """Tasks that stand for calls end with their stay unless completed."""
    stay = [replace(_task(), id=f"a/{n}", name=f"{CALLS}bank.{n}") for n in "xyz"]
    other = replace(stay[0], id="a/o", generation=2)
    await store.commit([create("a"), turn("a", 0, tasks=[*stay, other, _task()])])
    done = replace(stay[0], status="completed", by="ann", closed=5.0, revision=1)
    await store.commit([Commit("a", tasks=[done])])
    await store.commit([turn("a", 1, withdrawn=[(CALLS, 1)])])
    found = {task.id: task.status for task in await store.tasks()}
    same(found, {"a/x": "completed", "a/y": "withdrawn", "a/z": "withdrawn", "a/o": "open", _task().id: "open"})


@law
async def a_completed_task_whose_state_is_left_first_is_withdrawn_and_keeps_its_answer(store: Store) -> None:
    """A completed task whose state is left first is withdrawn and keeps its answer."""
    done = replace(_task(), status="completed", by="ann", outcome="{}", closed=3.0, revision=1)
    await store.commit([create("a"), turn("a", 0, tasks=[_task()]), Commit("a", tasks=[done])])
    await store.commit([turn("a", 1, withdrawn=[("review", 1)])])
    same(await store.tasks(), [replace(done, status="withdrawn", closed=12.0, revision=2)])


@law
async def tasks_are_found_by_who_and_where_the_oldest_first(store: Store) -> None:
    """Tasks are found by who and where, the oldest first."""
    mine, other = _claimed(_task("b", 1), "ann"), _task("b", 3, assignee="legal", opened=0.5)
    opened = [_task("b", 2), _task("b", 1), _task(), other]
    await store.commit([create("a"), create("b"), Commit("a", tasks=opened), Commit("b", tasks=[mine])])
    same([t.id for t in await store.tasks()], ["b/review.3", "a/review.1", "b/review.1", "b/review.2"])
    same(await store.tasks(assignee="legal"), [other])
    same(await store.tasks(instance="b", statuses=["claimed"]), [mine])
    same(await store.tasks(claimed_by="ann", machine="M"), [mine])
    same(await store.tasks(machine="N"), [])
    same([t.id for t in await store.tasks(statuses=["open", "claimed"], limit=2)], ["b/review.3", "a/review.1"])


@law
async def an_erased_instance_leaves_no_tasks(store: Store) -> None:
    """An erased instance leaves no tasks."""
    await store.commit([create("a", status="done", closed=1.0), Commit("a", tasks=[_task(), _task("b")])])
    same(await store.erase("a"), True)
    same(await store.tasks(), [_task("b")])


LAWS: Final[tuple[Law, ...]] = (
    a_task_is_opened_by_a_turn_and_read_as_it_was_written,
    a_turn_that_is_lost_opens_and_withdraws_nothing,
    of_two_changes_of_one_task_the_second_is_lost,
    the_answer_of_a_task_is_accepted_together_with_its_end,
    a_task_that_is_withdrawn_cannot_be_changed_any_more,
    tasks_that_stand_for_calls_end_with_their_stay_unless_completed,
    a_completed_task_whose_state_is_left_first_is_withdrawn_and_keeps_its_answer,
    tasks_are_found_by_who_and_where_the_oldest_first,
    an_erased_instance_leaves_no_tasks,
)
"""All of them."""
