"""`fsm draw`: a machine class as a picture, or an instance of a store with the way it came."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from fsm.chart.chart import Chart
from fsm.command.failure import Misuse
from fsm.command.reading import journal_of, loaded_of, reading
from fsm.command.target import MachineClass, machine_of
from fsm.core.step import Recorded
from fsm.errors import DrawingError
from fsm.ports.store import Entry, Record, Store
from visualize import Diagram, diagram, render

SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".mmd", ".txt")
ThemeName = Literal["light", "dark"]
Direction = Literal["TB", "LR"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an instance of the store stands, as the drawing wants to know it."""

    chart: Chart
    configuration: frozenset[str]


@dataclass(frozen=True, slots=True)
class Turned:
    """One turn of the journal, as the drawing wants to know it."""

    steps: tuple[Recorded, ...]


def steps_of(entry: Entry) -> tuple[Recorded, ...]:
    """The microsteps of a journal entry."""
    data: list[dict[str, Any]] = json.loads(entry.steps)
    return tuple(Recorded(m["event"], tuple(m["transitions"]), tuple(m["exited"]), tuple(m["entered"])) for m in data)


async def draw(target: str, out: Path, *, theme: str, direction: str, url: str | None, id: str | None) -> Path:
    """Draw into a file; its path."""
    if out.suffix.lower() not in SUFFIXES:
        raise Misuse(
            f"no pictures are written as {out.suffix or 'a file without suffix'!r}",
            where=f"-o {out}",
            fix=f"use one of {', '.join(SUFFIXES)}",
        )
    for option, given, known in (("theme", theme, ("light", "dark")), ("direction", direction, ("TB", "LR"))):
        if given not in known:
            raise Misuse(f"no {option} {given!r}", where=f"--{option}", fix=f"use {known[0]} or {known[1]}")
    if (url is None) is not (id is None):
        raise Misuse("--store and --id belong together", fix="give both to draw an instance, none to draw the class")
    chosen, wanted = cast(ThemeName, theme), cast(Direction, direction)
    machine = machine_of(target)
    subject: type | Diagram = machine
    if url is not None and id is not None:
        async with reading(url) as store:
            record = (await loaded_of(store, url, id)).record
            subject = await drawing_of(machine, store, record, url, chosen, wanted)
    return render(subject, out, theme=chosen, direction=wanted)


async def drawing_of(
    machine: MachineClass,
    store: Store,
    record: Record,
    url: str,
    theme: ThemeName = "light",
    direction: Direction = "TB",
) -> Diagram:
    """The diagram of an instance with its active states and its path. Raises Misuse for another machine's class."""
    chart = machine.__chart__
    if chart.name != record.machine:
        raise Misuse(
            f"instance {record.id!r} is not of machine {chart.name}",
            where=url,
            why=f"it was started as {record.machine}",
            fix=f"give the class of {record.machine}",
        )
    leaves = json.loads(record.config)
    turns = [Turned(steps_of(entry)) for entry in await journal_of(store, record.id)]
    failed = leaves[0] if leaves and record.status in ("parked", "failed") else None
    try:
        return diagram(
            Standing(chart, frozenset(leaves)), history=turns, failed=failed, theme=theme, direction=direction
        )
    except DrawingError as problem:
        raise Misuse(
            str(problem),
            where=url,
            why=f"the instance was written by version {record.version} of {record.machine}",
            fix="give the class of that version",
        ) from problem
