"""`fsm check`: whether machine classes can be run, what they are made of, and which instances of a store fit them."""

from __future__ import annotations

from typing import Any

import anyio

from fsm.chart.chart import Chart
from fsm.chart.event import known_events
from fsm.chart.state import Kind
from fsm.command import screen
from fsm.command.described import all_described
from fsm.command.failure import FAILED, complain
from fsm.command.fitting import Fitting, fitting
from fsm.command.reading import reading
from fsm.command.target import MachineClass
from fsm.errors import DefinitionError


def check(targets: list[str], *, as_json: bool, url: str | None = None) -> int:
    """Look at every target, with a store also at its instances; the exit code."""
    rows: list[dict[str, Any]] = []
    found: list[Fitting] = []
    code = 0
    for target in targets:
        try:
            machines = all_described(target)
            rows += [{"target": target, **summary(m.__chart__)} for m in machines]
            found += anyio.run(_fittings, url, machines) if url else []
        except DefinitionError as problem:
            code = FAILED
            rows.append({"target": target, "machine": problem.machine, "ok": False, "problems": list(problem.problems)})
            if not as_json:
                complain(problem)
    if as_json:
        fitted = iter(found)
        screen.emit([{**row, "instances": next(fitted).data()} if url and row["ok"] else row for row in rows])
    else:
        for row in rows:
            if row["ok"]:
                print(sentence(row))
        for one in found:
            print("\n".join(one.lines()))
    return FAILED if any(one.stuck for one in found) else code


async def _fittings(url: str, machines: list[MachineClass]) -> list[Fitting]:
    async with reading(url) as store:
        return [await fitting(store, machine) for machine in machines]


def summary(chart: Chart) -> dict[str, Any]:
    """What a chart is made of."""
    return {
        "machine": chart.name,
        "version": chart.version,
        "ok": True,
        "problems": [],
        "file": f"{chart.file}:{chart.line}",
        "states": [n.id for n in chart.nodes[1:] if n.kind is not Kind.HISTORY],
        "transitions": len(chart.transitions),
        "invokes": [i.id for i in chart.invokes],
        "services": {s.name: s.contract.__name__ for s in chart.services},
        "events": sorted({n for t in chart.transitions for n in t.trigger.names} or known_events(chart.events)),
    }


def sentence(row: dict[str, Any]) -> str:
    """A summary as a person reads it."""
    parts = [
        _count(len(row["states"]), "state"),
        _count(row["transitions"], "transition"),
        _count(len(row["invokes"]), "invoke"),
        _count(len(row["services"]), "service"),
    ]
    events = ", ".join(row["events"]) or "none"
    return f"{row['machine']} is in order: {', '.join(parts)}; events: {events}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
