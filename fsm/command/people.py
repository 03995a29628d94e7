"""`fsm tasks` and `fsm task`: what waits for people, and what they do with it, whether a worker runs or not."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fsm.chart.machine import Machine
from fsm.command import screen
from fsm.command.failure import Misuse
from fsm.command.reading import reading, telling
from fsm.command.target import machines_of
from fsm.command.tell import payload_of
from fsm.ports.store import Record, Store
from fsm.ports.task import Task
from fsm.runtime.people import People

DEEDS = MappingProxyType({"claim": "claimed", "complete": "completed", "release": "released", "reassign": "reassigned"})
"""What somebody does with a task, and how it is told."""


def task_data(task: Task) -> dict[str, Any]:
    """A task as JSON."""
    times = {name: screen.moment(getattr(task, name)) for name in ("opened", "due", "closed")}
    return {
        "id": task.id,
        "instance": task.instance,
        "machine": task.machine,
        "name": task.name,
        "state": task.state,
        "status": task.status,
        "overdue": task.overdue(time.time()),
        "text": task.text,
        "assignee": task.assignee,
        "claimed_by": task.claimed_by,
        "escalation": task.escalation,
        **times,
        "by": task.by,
        "answer": task.answer,
        "form": task.schema,
        "history": json.loads(task.acts),
    }


def task_line(task: Task) -> str:
    """A task as one line of `fsm show`."""
    due = (
        ""
        if task.due is None
        else f", {'overdue since' if task.overdue(time.time()) else 'due'} {screen.moment(task.due)}"
    )
    for_ = task.claimed_by or task.assignee or "anybody"
    return f"{task.name} for {for_}{due}: fsm task complete {task.id} '{_form(task)}'"


def _form(task: Task) -> str:
    """The fields of the form and what each takes, as far as one line tells; optional ones have a question mark."""
    must = task.schema.get("required", ())
    return ", ".join(
        f'"{name}"{"" if name in must else "?"}: {field.get("type", "…")}'
        for name, field in task.schema.get("properties", {}).items()
    ).join("{}")


def who(by: str | None) -> str:
    """Whoever is named, else who is logged in."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):  # a container may run as nobody in particular
        return "somebody"


async def tasks(url: str, wanted: Mapping[str, Any], *, as_json: bool) -> None:
    """`fsm tasks`."""
    async with reading(url) as store:
        found = await desk(store, []).tasks(**wanted)
    if as_json:
        screen.emit([task_data(task) for task in found])
    elif not found:
        print("no tasks")
    else:
        screen.table(
            ("ID", "FOR", "STATUS", "BY", "DUE", "TEXT"),
            [(t.id, t.assignee or "-", _status(t), t.by or t.claimed_by or "-", _due(t), t.text) for t in found],
        )


def _due(task: Task) -> str:
    return "-" if task.due is None or task.closed is not None else screen.ago(task.due)


def _status(task: Task) -> str:
    return "overdue" if task.overdue(time.time()) else task.status


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do with a task."""

    deed: str
    id: str
    answer: str | None = None
    to: str | None = None
    target: str | None = None
    by: str | None = None
    reason: str = ""


async def do(url: str, wish: Wish) -> None:
    """`fsm task`, by whoever is named, or is logged in."""
    by = who(wish.by)
    given = {"complete": wish.answer, "reassign": wish.to}
    if wish.deed not in DEEDS:
        raise Misuse(f"no deed {wish.deed!r}", where="fsm task", fix=f"one of {', '.join(DEEDS)}")
    for deed, value in given.items():
        if (value is not None) is not (wish.deed == deed):
            fix = """fsm task complete TASK '{"approve": true}', and fsm task reassign TASK --to NAME"""
            what = "the filled form" if deed == "complete" else "--to"
            said = f"{wish.deed} needs {what}" if wish.deed == deed else f"{what} is not for {wish.deed}"
            raise Misuse(said, where="fsm task", fix=fix)
    answer = None if wish.answer is None else json.loads(payload_of(wish.answer, "the filled form"))
    async with telling(url) as store:
        people = desk(store, machines_of(wish.target) if wish.target else [])
        match wish.deed:
            case "claim":
                task = await people.claim(wish.id, by=by)
            case "release":
                task = await people.release(wish.id, by=by, reason=wish.reason)
            case "reassign":
                task = await people.reassign(wish.id, to=wish.to or "", by=by, reason=wish.reason)
            case _:
                task = await people.complete(wish.id, answer, by=by, reason=wish.reason)
    print(f"{DEEDS[wish.deed]}: {task.id} by {by}" + (f", now for {task.assignee}" if wish.to else ""))


def desk(store: Store, machines: Sequence[type[Machine[Any, Any, Any]]]) -> People:
    """The tasks of a store that may belong to another process."""
    known = {machine.__chart__.name: machine for machine in machines}

    async def machine_of(record: Record) -> type[Machine[Any, Any, Any]]:
        if record.machine not in known:
            raise Misuse(
                f"--machine does not name the class of {record.id!r}, which is a {record.machine}",
                where="fsm task complete",
                why="the answer is checked by the form of its class before anything is written",
                fix="--machine MODULE:CLASS",
            )
        return known[record.machine]

    return People(store, store.commit, machine_of, time.time, lambda instance: None)
