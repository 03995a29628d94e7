"""A journal entry: one turn of an instance, as users read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple

from fsm.core.past import texts
from fsm.core.step import Recorded
from fsm.core.undo import UNDO
from fsm.ports.attempt import Attempt
from fsm.ports.store import CallRow, Entry, Record
from fsm.ports.task import Act, Task
from fsm.runtime.past import Change, changes
from fsm.runtime.records import microsteps_of


@dataclass(frozen=True, slots=True)
class AttemptEntry:
    """One attempt of a service call under a policy."""

    n: int
    called: str
    """The method that was asked: that of the call, or a fallback."""
    parameters: Any
    reason: str
    """Why there was more than the first one: the kind of the failure before, and what was changed."""
    ok: bool | None
    """None while its outcome is not known."""
    outcome: Any
    """The answer, or the failure as {kind, message, data}."""
    late: Any
    """The answer or failure that came after it was given up."""
    due: float
    started: float | None
    ended: float | None
    runs: int
    """How often it was begun: more than once when it was cut short."""


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
    attempts: tuple[AttemptEntry, ...] = ()
    """Those of a call under a policy."""


class Asked(NamedTuple):
    """A guard that was asked in a turn, and its answer."""

    event: str
    transition: str
    answer: bool


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One turn: what caused it, what it asked, did, changed and called, how long it took (seconds)."""

    seq: int
    event: str
    payload: Any
    cause: str
    steps: tuple[Recorded, ...]
    configuration: frozenset[str]
    calls: tuple[CallEntry, ...]
    at: float
    duration: float
    guards: tuple[Asked, ...] = ()
    """In the order in which they were asked."""
    changes: tuple[Change, ...] | None = None
    """What became of the context; None where that was not recorded, or what was before it was pruned."""
    actor: str = ""
    """The person whose answer or decision it was."""
    reason: str = ""
    """What that person gave as the reason."""

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


def journal(
    entries: Sequence[Entry],
    calls: Sequence[CallRow],
    attempts: Sequence[Attempt] = (),
    tasks: Sequence[Task] = (),
    after: int = -1,
) -> list[JournalEntry]:
    """Entries behind a turn, with their calls and changes; the calls of an invoke stand with the turn that took its
    result. Changes are known from the first entry on that is kept whole."""
    by_call: dict[tuple[str, str, str, int], list[AttemptEntry]] = {}
    for attempt in sorted(attempts, key=attrgetter("n")):
        by_call.setdefault(attempt.call, []).append(_attempt(attempt))
    by_turn = calls_by_turn(entries, calls)
    people = actors(tasks)
    found, known = [], texts([entry.past for entry in entries])
    for number, entry in enumerate(entries):
        if entry.seq <= after:
            continue
        own = [_call(row, by_call.get((row.cause, row.method, row.digest, row.k), [])) for row in by_turn[entry.cause]]
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
                tuple(Asked(*asked) for asked in json.loads(entry.notes or "{}").get("guards", ())),
                changes(known[number - 1] if number else None, known[number]),
                *actor_of(entry, people),
            )
        )
    return found


def calls_by_turn(entries: Sequence[Entry], calls: Sequence[CallRow]) -> dict[str, list[CallRow]]:
    """The calls of each turn, by its cause: those of an invoke and of its undoing stand with its result."""
    by_cause: dict[str, list[CallRow]] = {}
    ends = [row for row in calls if (row.cause, row.method) == (UNDO, UNDO)]
    stays = {str(row.k): f"invoke:{json.loads(row.arguments)['taken']}" for row in ends}
    for row in calls:
        if row.method != "now":
            by_cause.setdefault(stays.get(_deed(row), row.cause), []).append(row)
    return {entry.cause: by_cause.get(_invoke(entry), []) + by_cause.get(entry.cause, []) for entry in entries}


def _invoke(entry: Entry) -> str:
    """The cause of the calls of the invoke whose result a turn took; empty for every other turn."""
    if not entry.cause.startswith("result:"):
        return ""
    return "invoke:" + entry.cause.removeprefix("result:").removesuffix(f"@{entry.instance}")


def actors(tasks: Sequence[Task]) -> dict[str, Act]:
    """Who completed human tasks, by the causes of the turns that took the answers."""
    return {
        f"result:{task.name}#{task.generation}@{task.instance}": task.history[-1]
        for task in tasks
        if task.status == "completed"
    }


_OPERATORS: Final = ("operator:", "control:", "cancel:", "terminate:", "terminate@")
"""How the causes of turns begin that operators ask for."""


def actor_of(entry: Entry, people: Mapping[str, Act]) -> tuple[str, str]:
    """The person whose answer or decision a turn was, and the reason; empty where it was nobody's."""
    if entry.cause.startswith(_OPERATORS):
        said = json.loads(entry.payload)
        return said.get("by", ""), said.get("reason", "")
    act = people.get(entry.cause)
    return ("", "") if act is None else (act.by, act.reason)


def _deed(row: CallRow) -> str:
    """The number of the deed that a call has undone; empty for every other call."""
    return "" if row.cause != UNDO else str(row.k) if row.method == UNDO else row.digest.partition("/")[0]


def _call(row: CallRow, attempts: Sequence[AttemptEntry]) -> CallEntry:
    ok, answer = _told(row.answer)
    return CallEntry(
        row.method,
        json.loads(row.arguments),
        ok,
        answer,
        row.at,
        row.took,
        row.attempt,
        tuple(attempts),
    )


def _attempt(row: Attempt) -> AttemptEntry:
    ok, outcome = _told(row.outcome) if row.outcome else (None, None)
    return AttemptEntry(
        row.n,
        row.called,
        json.loads(row.parameters),
        row.reason,
        ok,
        outcome,
        _told(row.late)[1] if row.late else None,
        row.due,
        row.started,
        row.ended,
        row.runs,
    )


def _told(recorded: str) -> tuple[bool, Any]:
    answer = json.loads(recorded)
    return "ok" in answer, answer["ok"] if "ok" in answer else answer["error"]
