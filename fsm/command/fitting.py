"""`fsm check --store`: whether the instances of a store can go on with the classes here; nothing is written."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from fsm.command.target import MachineClass
from fsm.errors import SnapshotNewer, SnapshotUnfit
from fsm.ports.store import Loaded, Status, Store
from fsm.runtime.migration import migration

PAGE = 500
"""Instances that are read at once."""
FIRST = 5
"""Of how many the ids are told."""
LIVE = tuple(status.value for status in Status if not status.ended)


@dataclass(slots=True)
class Some:
    """Instances that are alike: how many, and the first of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, id: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(id)


@dataclass(slots=True)
class Fitting:
    """What becomes of the live instances of one machine."""

    machine: MachineClass
    fits: int = 0
    migrates: dict[str, Some] = field(default_factory=dict)
    """By the version that wrote them."""
    stuck: dict[tuple[str, str], Some] = field(default_factory=dict)
    """By that version and the reason."""

    def add(self, loaded: Loaded) -> None:
        """Look at one more."""
        record = loaded.record
        try:
            commit = migration(self.machine, loaded, time.time())
        except (SnapshotUnfit, SnapshotNewer) as problem:
            reason = problem.reason if isinstance(problem, SnapshotUnfit) else "this class is older"
            self.stuck.setdefault((record.version, reason), Some()).add(record.id)
            return
        if commit is None:
            self.fits += 1
        else:
            self.migrates.setdefault(record.version, Some()).add(record.id)

    def data(self) -> dict[str, Any]:
        """As JSON."""
        to = self.machine.__chart__.version
        return {
            "fits": self.fits,
            "migrates": [
                {"from": version, "to": to, "count": some.count, "first": some.first}
                for version, some in sorted(self.migrates.items())
            ],
            "stuck": [
                {"version": version, "reason": reason, "count": some.count, "first": some.first}
                for (version, reason), some in sorted(self.stuck.items())
            ],
        }

    def lines(self) -> list[str]:
        """As a person reads it."""
        chart = self.machine.__chart__
        migrating = sum(some.count for some in self.migrates.values())
        stuck = sum(some.count for some in self.stuck.values())
        found = [f"{chart.name} {chart.version}: {self.fits} fit, {migrating} migrate, {stuck} stuck"]
        for version, some in sorted(self.migrates.items()):
            found.append(f"  migrate from {version} to {chart.version}: {_named(some)}")
        for (version, reason), some in sorted(self.stuck.items()):
            found.append(f"  stuck at {version}: {_named(some)}: {reason}")
        return found


async def fitting(store: Store, machine: MachineClass) -> Fitting:
    """Look at all live instances of a machine, page by page."""
    found, after = Fitting(machine), ""
    while page := await store.find(machine=machine.__chart__.name, statuses=LIVE, after=after, limit=PAGE):
        for loaded in await store.load_many([record.id for record in page]):
            found.add(loaded)
        after = page[-1].id
    return found


def _named(some: Some) -> str:
    more = f" and {some.count - len(some.first):,} more" if some.count > len(some.first) else ""
    return ", ".join(some.first) + more
