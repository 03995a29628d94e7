"""The laws of human tasks, on every engine."""

from __future__ import annotations

import anyio
import pytest

from fsm.errors import FormInvalid, TaskClosed, TaskTaken
from tests.engines.asked import Asked, Opinion, Recall
from tests.engines.hosts import Host

pytestmark = pytest.mark.anyio


async def test_a_person_answers_what_a_machine_asks_once(host: Host) -> None:
    async with host.engine([Asked]) as engine:
        case = await engine.start(Asked, id="A")
        (task,) = await engine.people.tasks(assignee="credit")
        assert (task.instance, task.name, task.text) == ("A", "approve", "May it?")
        await engine.people.claim(task.id, by="ann")
        with pytest.raises(TaskTaken):
            await engine.people.complete(task.id, Opinion(), by="bob")
        with pytest.raises(FormInvalid):
            await engine.people.complete(task.id, {"yes": "perhaps"}, by="ann")
        done = await engine.people.complete(task.id, {"yes": True}, by="ann", reason="seen")
        assert done == await engine.people.complete(task.id, {"yes": True}, by="ann")
        await case.wait_for(Asked.Over)
        assert (await case.snapshot()).context.by == "ann"
        with pytest.raises(TaskClosed):
            await engine.people.complete(task.id, {"yes": False}, by="bob")
        assert [act.verb for act in (await engine.people.task(task.id)).history] == ["claim", "complete"]


async def test_of_two_answers_at_the_same_moment_one_counts(host: Host) -> None:
    async with host.engine([Asked]) as engine:
        case = await engine.start(Asked, id="A")
        (task,) = await engine.people.tasks()
        counted: list[str] = []

        async def answer(by: str) -> None:
            try:
                await engine.people.complete(task.id, Opinion(), by=by)
            except (TaskClosed, TaskTaken):
                return
            counted.append(by)

        async with anyio.create_task_group() as group:
            for by in ("ann", "bob", "cy"):
                group.start_soon(answer, by)
        await case.wait_for(Asked.Over)
        assert [(await case.snapshot()).context.by] == counted


async def test_a_task_whose_state_was_left_takes_no_answer(host: Host) -> None:
    async with host.engine([Asked]) as engine:
        case = await engine.start(Asked, id="A")
        (first,) = await engine.people.tasks()
        await case.wait_for(Asked.Late)
        with pytest.raises(TaskClosed):
            await engine.people.complete(first.id, Opinion(), by="ann")
        await case.send(Recall())
        (second,) = await engine.people.tasks()
        assert second.id != first.id
        await engine.people.complete(second.id, Opinion(), by="ann")
        await case.wait_for(Asked.Over)
