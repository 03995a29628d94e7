"""Answers of people: what is written where, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from fsm import Orchestrator
from fsm.engines.restate.answers import Answers, give
from fsm.engines.restate.server import Server
from fsm.ports.store import Accepted, Commit, Verdict
from fsm.ports.task import Task
from persistence import MemoryStore
from tests.engines.asked import Asked

pytestmark = pytest.mark.anyio


class Told:
    """A server that remembers what it was told, and how it answers."""

    def __init__(self, *, given: bool) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self._given = given

    async def take(self, instance: str, message: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        """A message."""
        self.messages.append(message)
        return {"ref": "r", "state": "consumed"} | ({"given": True} if self._given else {})


async def asked() -> tuple[MemoryStore, Task]:
    """A view with an open task."""
    view = MemoryStore()
    await view.open(owner=True)
    async with Orchestrator(view, [Asked]) as orchestrator:
        await orchestrator.start(Asked, id="A")
        (task,) = await orchestrator.people.tasks()
    await view.open(owner=True)
    return view, task


def done(task: Task, by: str) -> Task:
    """Somebody's answer."""
    return replace(task, status="completed", by=by, outcome="{}", revision=task.revision + 1)


async def test_giving_an_answer_again_is_no_harm_and_another_one_is_not_taken() -> None:
    view, task = await asked()
    assert await give(view, done(task, "ann"))
    assert await give(view, done(task, "ann"))  # a handler that is repeated
    assert not await give(view, done(task, "bob"))
    assert (await view.tasks(id=task.id))[0].by == "ann"


@pytest.mark.parametrize(("given", "verdict"), [(True, Verdict.COMMITTED), (False, Verdict.LOST)])
async def test_an_answer_goes_to_the_object_and_everything_else_to_the_view(given: bool, verdict: Verdict) -> None:
    view, task = await asked()
    server = Told(given=given)
    answers = Answers(view, cast(Server, server))
    claimed = replace(task, claimed_by="ann", status="claimed", revision=1)
    assert await answers.write([Commit("A", tasks=[claimed])]) == [Verdict.COMMITTED]
    assert (server.messages, await view.tasks(id=task.id)) == ([], [claimed])
    row = Accepted("A", "result", "done.invoke.approve", "{}", lane="result")
    assert await answers.write([Commit("A", tasks=[done(claimed, "ann")], accepted=[row])]) == [verdict]
    assert [sorted(message) for message in server.messages] == [["row", "task"]]
    assert await view.tasks(id=task.id) == [claimed]
