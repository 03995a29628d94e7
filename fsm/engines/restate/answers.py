"""Answers of people: tasks are rows of the view; an answer goes to the object, which writes down that it was given.

claim, release, reassign ──▶ the view, if nobody has changed the task since it was read
complete ──▶ the object ──▶ the view, under the same condition ──▶ the turn that takes the answer
"""

from __future__ import annotations

from collections.abc import Sequence

from fsm.engines.restate.packing import packed
from fsm.engines.restate.server import Server
from fsm.ports.store import Commit, Store, Verdict
from fsm.ports.task import Task


class Answers:
    """Where people's deeds are written."""

    def __init__(self, view: Store, server: Server) -> None:
        self._view, self._server = view, server

    async def write(self, commits: list[Commit]) -> Sequence[Verdict]:
        """Write what one person did with one task. Raises EngineUnreachable, StoreError."""
        (commit,) = commits
        if not commit.accepted:
            return await self._view.commit(commits)
        (row,), (task,) = commit.accepted, commit.tasks
        told = await self._server.take(row.instance, {"row": packed(row), "task": packed(task)})
        return [Verdict.COMMITTED if told.get("given") else Verdict.LOST]


async def give(view: Store, task: Task) -> bool:
    """Write down a completed task; whether it is the one that counts, also when this was done before."""
    if (await view.commit([Commit(task.instance, tasks=[task])]))[0] is Verdict.COMMITTED:
        return True
    return await view.tasks(id=task.id) == [task]
