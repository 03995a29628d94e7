"""A journal entry: one turn of an instance, as users read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fsm.core.step import Recorded
from fsm.ports.store import CallRow, Entry, Record
from fsm.runtime.records import microsteps_of


@dataclass(frozen=True, slots=True)
class CallEntry:
    """A service call of a turn or of the invoke whose result the turn took."""

    method: str
    arguments: Any
    ok: bool
    answer: Any
    """The answer, or the failure as {kind, message, data}."""
    at: float
    duration: float
    attempt: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One turn: what caused it, what it did, what it called, how long it took (seconds)."""

    seq: int
    event: str
    payload: Any
    cause: str
    steps: tuple[Recorded, ...]
    configuration: frozenset[str]
    calls: tuple[CallEntry, ...]
    at: float
    duration: float

    @property
    def transitions(self) -> tuple[str, ...]:
        """Names of the transitions taken."""
        return tuple(name for step in self.steps for name in step.transitions)


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of a list of instances."""

    id: str
    machine: str
    status: str
    configuration: frozenset[str]
    seq: int
    created: float
    closed: float | None
    parent: str


def summary(record: Record) -> Summary:
    """The line of one instance."""
    leaves = frozenset(json.loads(record.config))
    return Summary(
        record.id, record.machine, record.status, leaves, record.seq, record.created, record.closed, record.parent
    )


def journal(entries: list[Entry], calls: list[CallRow]) -> list[JournalEntry]:
    """Entries with their calls; the calls of an invoke stand with the turn that took its result."""
    by_cause: dict[str, list[CallEntry]] = {}
    for row in calls:
        if row.method != "now":
            by_cause.setdefault(row.cause, []).append(_call(row))
    found = []
    for entry in entries:
        own = by_cause.get(entry.cause, [])
        if entry.cause.startswith("result:"):
            own = by_cause.get("invoke:" + entry.cause.removeprefix("result:").rsplit("@", 1)[0], []) + own
        found.append(
            JournalEntry(
                entry.seq,
                entry.event,
                json.loads(entry.payload),
                entry.cause,
                tuple(microsteps_of(entry.steps)),
                frozenset(json.loads(entry.config)),
                tuple(own),
                entry.at,
                entry.took,
            )
        )
    return found


def _call(row: CallRow) -> CallEntry:
    answer = json.loads(row.answer)
    ok = "ok" in answer
    return CallEntry(
        row.method,
        json.loads(row.arguments),
        ok,
        answer["ok"] if ok else answer["error"],
        row.at,
        row.took,
        row.attempt,
    )
