"""Flows: what all instances of one machine did, counted from the journal.

A read-only question for people: it reads the whole journal of a machine, so ask it now and then, not for every event.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import and_, bindparam, literal_column, or_, select

from fsm.core.step import Recorded
from fsm.ports.store import Status, Store
from persistence import rows
from persistence.reading import Reading
from persistence.statements import Statement

_INSTANCE: Final = rows.table(rows.Instance)
_TRANSITION: Final = rows.table(rows.Transition)
_INCIDENT: Final = rows.table(rows.Incident)
_MINE: Final = _INSTANCE.c.machine == bindparam("machine")
_OPEN: Final = tuple(status.value for status in Status if not status.ended)
PAGE: Final = 1_000

_JOURNAL: Final = Statement(
    select(_TRANSITION.c.instance, _TRANSITION.c.at, _TRANSITION.c.steps)
    .join(_INSTANCE, _INSTANCE.c.id == _TRANSITION.c.instance)
    .where(_MINE)
    .order_by(_TRANSITION.c.instance, _TRANSITION.c.seq)
)
_HERE: Final = Statement(
    select(_INSTANCE.c.config).where(_MINE, or_(*(_INSTANCE.c.status == literal_column(f"'{s}'") for s in _OPEN)))
)
_TROUBLES: Final = Statement(
    select(_INCIDENT.c.event, _TRANSITION.c.config)
    .join(_INCIDENT, and_(_INCIDENT.c.instance == _TRANSITION.c.instance, _INCIDENT.c.seq == _TRANSITION.c.seq))
    .join(_INSTANCE, _INSTANCE.c.id == _TRANSITION.c.instance)
    .where(_MINE)
)


@dataclass(frozen=True, slots=True)
class Dwell:
    """How long instances stay in a state, in seconds; of stays that have ended."""

    stays: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True, order=True)
class Raised:
    """On which event an incident was raised, and in which leaf states the instance stood."""

    event: str
    configuration: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flows:
    """What the instances of a machine did; states by their ids.

    `here` counts the instances that stand in each leaf state now; `steps` are the microsteps seen, `incidents` those
    that were raised, and how often.
    """

    machine: str
    here: Mapping[str, int]
    dwell: Mapping[str, Dwell]
    steps: tuple[tuple[Recorded, int], ...]
    incidents: tuple[tuple[Raised, int], ...]


@dataclass(slots=True)
class _Tally:
    """Flows while they are counted, one instance after the other."""

    instance: str = ""
    since: dict[str, float] = field(default_factory=dict)
    lengths: dict[str, list[float]] = field(default_factory=dict)
    steps: Counter[Recorded] = field(default_factory=Counter)

    def add(self, instance: str, at: float, steps: str) -> None:
        """Count one turn; turns of an instance come in order and together."""
        if instance != self.instance:
            self.instance, self.since = instance, {}
        for data in json.loads(steps):
            step = Recorded(data["event"], *(tuple(data[k]) for k in ("transitions", "exited", "entered")))
            self.steps[step] += 1
            for state in step.exited:
                if state in self.since:
                    self.lengths.setdefault(state, []).append(at - self.since.pop(state))
            self.since |= dict.fromkeys(step.entered, at)


async def flows(store: Store, machine: str) -> Flows:
    """The flows of a machine by its name, over all its instances; a store that is open is enough.

        diagram(Order, flows=await flows(store, "Order"))

    Raises StoreError.
    """
    if isinstance(store, Reading):
        return await store._run(lambda link: _asked(machine, *link.ask(*((s, {"machine": machine}) for s in _ALL))))
    journal, here, troubles = [], [], []
    async for record in _records(store, machine):
        entries = [entry async for entry in _entries(store, record.id)]
        journal += [(entry.instance, entry.at, entry.steps) for entry in entries]
        here += [(record.config,)] if record.status in _OPEN else []
        configs = {entry.seq: entry.config for entry in entries}
        incidents = await store.incidents(resolved=True, instance=record.id)
        troubles += [(i.event, configs[i.seq]) for i in incidents if i.seq in configs]
    return _asked(machine, journal, here, troubles)


_ALL: Final = (_JOURNAL, _HERE, _TROUBLES)


async def _records(store: Store, machine: str) -> AsyncIterator[Any]:
    after = ""
    while page := await store.find(machine=machine, statuses=(), states=(), after=after, limit=PAGE):
        for record in page:
            yield record
        after = page[-1].id


async def _entries(store: Store, id: str) -> AsyncIterator[Any]:
    after = -1
    while page := await store.history(id, after, PAGE):
        for entry in page:
            yield entry
        after = page[-1].seq


def _asked(machine: str, journal: Iterable[Any], here: Iterable[Any], troubles: Iterable[Any]) -> Flows:
    tally = _Tally()
    for instance, at, steps in journal:
        tally.add(instance, at, steps)
    return Flows(
        machine,
        _counted(here),
        {state: _dwell(lengths) for state, lengths in sorted(tally.lengths.items())},
        tuple(sorted(tally.steps.items())),
        tuple(sorted(Counter(Raised(event, tuple(json.loads(config))) for event, config in troubles).items())),
    )


def _counted(configurations: Iterable[Sequence[str]]) -> dict[str, int]:
    return dict(sorted(Counter(leaf for (config,) in configurations for leaf in json.loads(config)).items()))


def _dwell(lengths: list[float]) -> Dwell:
    """Percentiles by the nearest rank: a length that somebody really waited."""
    lengths.sort()
    last = len(lengths) - 1
    return Dwell(len(lengths), lengths[last // 2], lengths[-(-last * 95 // 100)])
