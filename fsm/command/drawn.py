"""`fsm draw`: a machine class as a picture, or an instance of a store with the way it came."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from fsm.chart.chart import Chart
from fsm.command.described import described
from fsm.command.failure import Misuse
from fsm.command.reading import journal_of, loaded_of, reading
from fsm.command.target import MachineClass
from fsm.core.step import Recorded
from fsm.errors import DrawingError
from fsm.ports.store import Entry, Record, Status, Store
from fsm.runtime.entry import journal
from persistence.flows import flows
from visualize import Diagram, diagram, render
from visualize.blame import blamed
from visualize.timeline import Timeline, timeline

SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".mmd", ".md", ".txt")
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
    at: float


def steps_of(entry: Entry) -> tuple[Recorded, ...]:
    """The microsteps of a journal entry."""
    data: list[dict[str, Any]] = json.loads(entry.steps)
    return tuple(Recorded(m["event"], tuple(m["transitions"]), tuple(m["exited"]), tuple(m["entered"])) for m in data)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn and how: the options of the command."""

    target: str
    out: Path
    theme: str = "light"
    direction: str = "TB"
    collapse: tuple[str, ...] = ()
    focus: str | None = None
    source: str = ""
    url: str | None = None
    id: str | None = None
    flows: bool = False
    timeline: bool = False

    @property
    def look(self) -> dict[str, Any]:
        """The options that `diagram` takes as they are; one number closes everything below that level."""
        level = len(self.collapse) == 1 and self.collapse[0].isdigit()
        closed = int(self.collapse[0]) if level else self.collapse
        return {
            "theme": cast(ThemeName, self.theme),
            "direction": cast(Direction, self.direction),
            "collapse": closed,
            "focus": self.focus,
            "source": self.source,
        }

    def check(self) -> None:
        """Refuse options that do not fit together. Raises Misuse."""
        if self.out.suffix.lower() not in SUFFIXES:
            raise Misuse(
                f"no pictures are written as {self.out.suffix or 'a file without suffix'!r}",
                where=f"-o {self.out}",
                fix=f"use one of {', '.join(SUFFIXES)}",
            )
        for option, given, known in (
            ("theme", self.theme, ("light", "dark")),
            ("direction", self.direction, ("TB", "LR")),
        ):
            if given not in known:
                raise Misuse(f"no {option} {given!r}", where=f"--{option}", fix=f"use {known[0]} or {known[1]}")
        if self.flows:
            if self.url is None or self.id is not None:
                raise Misuse("--flows counts all instances of a store", fix="give it --store, and no --id")
        elif (self.url is None) is not (self.id is None):
            raise Misuse("--store and --id belong together", fix="give both for an instance, none for the class")
        if self.timeline and (self.id is None or self.out.suffix.lower() != ".svg"):
            raise Misuse("--timeline is the SVG of one instance", fix="give it --id, and -o FILE.svg")


async def draw(wish: Wish) -> Path:
    """Draw into a file; its path. Raises Misuse, DrawingError."""
    wish.check()
    machine = described(wish.target)
    subject = diagram(machine, **wish.look) if wish.url is None else await _stored(machine, wish, wish.url)
    theme, direction = cast(ThemeName, wish.theme), cast(Direction, wish.direction)
    return render(subject, wish.out, theme=theme, direction=direction)


async def _stored(machine: MachineClass, wish: Wish, url: str) -> Diagram | Timeline:
    """What a store knows: of all instances, or of one."""
    async with reading(url) as store:
        if wish.flows:
            return diagram(machine, flows=await flows(store, machine.__chart__.name), **wish.look)
        record = (await loaded_of(store, url, wish.id or "")).record
        if not wish.timeline:
            return await drawing_of(machine, store, record, url, **wish.look)
        entries = journal(await journal_of(store, record.id), await store.calls_of(record.id))
        incidents = await store.incidents(resolved=True, instance=record.id)
        return timeline(
            entries,
            now=record.closed or time.time(),
            chart=machine.__chart__,
            incidents=incidents,
            title=record.id,
            theme=cast(ThemeName, wish.theme),
        )


async def drawing_of(
    machine: MachineClass,
    store: Store,
    record: Record,
    url: str,
    **look: Any,
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
    turns = [Turned(steps_of(entry), entry.at) for entry in await journal_of(store, record.id)]
    failed = await _failed(chart, store, record, leaves)
    try:
        now = time.time() if record.closed is None else None
        return diagram(Standing(chart, frozenset(leaves)), history=turns, failed=failed, now=now, **look)
    except DrawingError as problem:
        raise Misuse(
            str(problem),
            where=url,
            why=f"the instance was written by version {record.version} of {record.machine}",
            fix="give the class of that version",
        ) from problem


async def _failed(chart: Chart, store: Store, record: Record, leaves: list[str]) -> Collection[str]:
    """The states that an instance has failed in, told by its open incident."""
    if record.status not in (Status.PARKED, Status.FAILED):
        return ()
    found = await store.incidents(instance=record.id)
    return blamed(chart, leaves, found[-1].event if found else "")
