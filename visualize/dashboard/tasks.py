"""Tasks: what waits for people, and what they do with it, with their names."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from fsm.chart.machine import Machine
from fsm.errors import MachineUnknown
from fsm.ports.store import Record, Store
from fsm.ports.task import Task
from fsm.runtime.claims import check_own
from fsm.runtime.people import People
from visualize.dashboard import api
from visualize.dashboard.catalog import Catalog
from visualize.dashboard.routes import Here, Who

router = APIRouter(prefix="/api", tags=["people"])


class Deed(BaseModel):
    """What somebody did with a task."""

    verb: str
    by: str
    at: float
    to: str
    reason: str


class TaskLine(BaseModel):
    """A human task; `form` is the JSON Schema of its answer."""

    id: str
    instance: str
    machine: str
    name: str
    state: str
    text: str
    assignee: str
    status: Literal["open", "claimed", "completed", "withdrawn"]
    claimed_by: str
    by: str
    opened: float
    due: float | None
    overdue: bool
    closed: float | None
    form: dict[str, Any]
    deeds: list[Deed]


class TaskDeed(api.Asked):
    """What somebody wants to do with a task: `answer` completes it, `to` says who it is for from now on."""

    id: api.Word
    deed: Literal["claim", "release", "reassign", "complete"]
    answer: api.Payload | None = None
    to: api.Text = ""
    reason: api.Text = ""


def people_of(store: Store, catalog: Catalog) -> People:
    """What people do, by the machines that are known here."""

    async def machine_of(record: Record) -> type[Machine[Any, Any, Any]]:
        known = await catalog.find(store, record.machine, record.version)
        if known is None:
            raise MachineUnknown(
                f"The class of {record.machine} is not known here: its forms cannot be checked; name it when the"
                f" page is started: fsm serve MODULE:{record.machine} --no-work"
            )
        return known.machine

    return People(store, store.commit, machine_of, time.time, lambda instance: None)


@router.get("/tasks")
async def tasks(
    looking: Here,
    assignee: Annotated[api.Text, Query(description="Only those of this person or group.")] = "",
    claimed_by: Annotated[api.Text, Query(description="Only those that this person has claimed.")] = "",
    machine: api.Text = "",
    instance: api.Text = "",
    closed: Annotated[bool, Query(description="Those that are done or withdrawn instead.")] = False,
    limit: Annotated[int, Query(ge=1, le=api.LIST_MAX)] = 200,
) -> list[TaskLine]:
    """What waits for people: what is overdue first, then the oldest."""
    asked = {"assignee": assignee, "claimed_by": claimed_by, "machine": machine, "instance": instance}
    wanted = {name: value for name, value in asked.items() if value}
    statuses = ("completed", "withdrawn") if closed else ("open", "claimed")
    found = await looking.store.tasks(statuses=statuses, limit=limit, **wanted)
    lines = [_line(task) for task in found]
    return sorted(lines, key=lambda line: -(line.closed or 0.0) if closed else (not line.overdue, line.opened))


@router.post("/tasks")
async def act(wanted: TaskDeed, who: Who, looking: Here) -> TaskLine:
    """Claim, release, reassign or complete a task; the machine's turn follows a completed one."""
    await check_own(looking.store)
    people, by = people_of(looking.store, looking.catalog), who.person.name
    match wanted.deed:
        case "claim":
            task = await people.claim(wanted.id, by=by)
        case "release":
            task = await people.release(wanted.id, by=by, reason=wanted.reason)
        case "reassign":
            task = await people.reassign(wanted.id, to=wanted.to, by=by, reason=wanted.reason)
        case "complete":
            task = await people.complete(wanted.id, wanted.answer or {}, by=by, reason=wanted.reason)
    return _line(task)


def _line(task: Task) -> TaskLine:
    return TaskLine.model_validate(
        {
            "id": task.id,
            "instance": task.instance,
            "machine": task.machine,
            "name": task.name,
            "state": task.state,
            "text": task.text,
            "assignee": task.assignee,
            "status": task.status,
            "claimed_by": task.claimed_by,
            "by": task.by,
            "opened": task.opened,
            "due": task.due,
            "overdue": task.overdue(time.time()),
            "closed": task.closed,
            "form": task.schema,
            "deeds": [{"verb": a.verb, "by": a.by, "at": a.at, "to": a.to, "reason": a.reason} for a in task.history],
        }
    )
