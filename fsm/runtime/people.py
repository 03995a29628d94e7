"""People: human tasks are found, claimed and completed, wherever their instance is run or whether it is run at all.

What a person does is one transaction: the task is changed if nobody has changed it since it was read, and an answer is
put into the inbox of the instance. The worker that runs it takes it from there, as the answer of an invoke.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from fsm.chart.machine import Machine
from fsm.core.asking import filled, signed
from fsm.errors import TaskClosed, TaskError, TaskTaken, TaskUnknown
from fsm.ports.store import Accepted, Commit, Record, Store, Verdict
from fsm.ports.task import CALLS, OPEN, Act, Task
from fsm.runtime.escalation import checked

Write = Callable[[list[Commit]], Awaitable[Sequence[Verdict]]]
MachineOf = Callable[[Record], Awaitable[type[Machine[Any, Any, Any]]]]


class People:
    """The human tasks of a store.

        for task in await orchestrator.people.tasks(assignee="credit"):
            await orchestrator.people.claim(task.id, by="ann")

    Every method that changes a task names who does it, raises TaskUnknown, TaskClosed with what became of the case, or
    TaskTaken, and has then written nothing; of two people who do something at once, one succeeds.
    """

    def __init__(
        self, store: Store, write: Write, machine_of: MachineOf, clock: Callable[[], float], told: Callable[[str], None]
    ) -> None:
        self._store, self._write, self._machine_of, self._clock, self._told = store, write, machine_of, clock, told

    async def tasks(
        self,
        *,
        assignee: str | None = None,
        machine: type[Machine[Any, Any, Any]] | str | None = None,
        instance: str | None = None,
        claimed_by: str | None = None,
        status: str | None = None,
        limit: int = 1000,
    ) -> list[Task]:
        """Human tasks, the oldest first: those that can be done, or those of one status; "all" is all of them."""
        name = machine if isinstance(machine, str) or machine is None else machine.__chart__.name
        statuses = OPEN if status is None else () if status == "all" else (status,)
        return await self._store.tasks(
            assignee=assignee, machine=name, instance=instance, claimed_by=claimed_by, statuses=statuses, limit=limit
        )

    async def task(self, id: str) -> Task:
        """One human task. Raises TaskUnknown."""
        found = await self._store.tasks(id=id)
        if not found:
            raise TaskUnknown(
                f"no human task {id!r} in the store; look for its id with tasks() or `fsm tasks`", task=id
            )
        return found[0]

    async def claim(self, id: str, *, by: str) -> Task:
        """Take a task, so that nobody else completes it; the same person may do so again."""
        task = await self._undone(id, by)
        if task.claimed_by == by:
            return task
        return await self._change(task, Act("claim", by, self._clock()), status="claimed", claimed_by=by)

    async def release(self, id: str, *, by: str, reason: str = "") -> Task:
        """Give a task back that one has claimed."""
        task = await self._undone(id, by)
        if not task.claimed_by:
            return task
        act = Act("release", by, self._clock(), reason=reason)
        return await self._change(task, act, status="open", claimed_by="")

    async def reassign(self, id: str, *, to: str, by: str, reason: str = "") -> Task:
        """Give a task to somebody else, whoever has claimed it."""
        task = await self._undone(id, by, whoever=True)
        act = Act("reassign", by, self._clock(), to, reason)
        more = {"assignee": to, "status": "open", "claimed_by": "", "escalation": task.escalation + 1}
        return await self._change(task, act, **more)

    async def complete(self, id: str, answer: Any, *, by: str, reason: str = "") -> Task:
        """Answer a task with the filled form or its fields; the machine's turn follows when this has returned.

        The same answer of the same person again is the same answer. Raises FormInvalid, MachineUnknown too.
        """
        task = await self.task(id)
        record = await self._record(task)
        machine = await self._machine_of(record)
        if task.name.startswith(CALLS):
            return await self._answer(task, checked(machine, task, answer), by, reason)
        found = [i for i in machine.__chart__.invokes if i.id == task.name and i.person is not None]
        if not found:
            raise TaskError(f"{id!r}: {record.machine} has no human task {task.name!r} any more; migrate it", task=id)
        payload = filled(found[0], answer, id)
        if (task.status, task.by, task.outcome) == ("completed", by, payload):
            return task
        task, now = await self._undone(id, by), self._clock()
        ref = f"result:{task.name}#{task.generation}@{task.instance}"
        row = Accepted(task.instance, ref, f"done.invoke.{task.name}", signed(payload, by), lane="result", at=now)
        more = {"status": "completed", "closed": now, "by": by, "outcome": payload}
        done = await self._change(task, Act("complete", by, now, reason=reason), row, **more)
        self._told(task.instance)
        return done

    async def _answer(self, task: Task, payload: str, by: str, reason: str) -> Task:
        """Answer in the place of a service call: whoever makes it reads the row."""
        if (task.status, task.by, task.outcome) == ("completed", by, payload):
            return task
        task, now = await self._undone(task.id, by), self._clock()
        more = {"status": "completed", "closed": now, "by": by, "outcome": payload}
        return await self._change(task, Act("complete", by, now, reason=reason), **more)

    async def _record(self, task: Task) -> Record:
        loaded = await self._store.load(task.instance)
        if loaded is None:
            raise TaskUnknown(f"{task.id!r}: its instance is no longer in the store", task=task.id)
        return loaded.record

    async def _undone(self, id: str, by: str, *, whoever: bool = False) -> Task:
        """A task that this person may change."""
        if not by:
            raise TaskError(f"{id!r}: nobody is named; say by= who does it", task=id)
        task = await self.task(id)
        if task.status not in OPEN:
            raise await self._closed(task)
        if not whoever and task.claimed_by not in ("", by):
            raise TaskTaken(f"{id!r} is claimed by {task.claimed_by!r}; let them release it, or reassign it", task=id)
        return task

    async def _closed(self, task: Task) -> TaskClosed:
        record = await self._record(task)
        what = f"was completed by {task.by!r}" if task.status == "completed" else "was withdrawn: its state was left"
        now = " and ".join(json.loads(record.config))
        return TaskClosed(
            f"{task.id!r} {what}; {record.machine} {record.id!r} is {record.status} in {now}. Nothing was written.",
            task=task.id,
        )

    async def _change(self, task: Task, act: Act, *rows: Accepted, **changed: Any) -> Task:
        acts = json.dumps([*json.loads(task.acts), {k: v for k, v in asdict(act).items() if v != ""}])
        made = replace(task, acts=acts, revision=task.revision + 1, **changed)
        verdict = (await self._write([Commit(task.instance, tasks=[made], accepted=rows)]))[0]
        if verdict is Verdict.COMMITTED:
            return made
        now = await self._undone(task.id, act.by)  # what somebody else has done at the same moment
        raise TaskTaken(
            f"{task.id!r} was changed at the same moment and is {now.status}; look at it again", task=task.id
        )
