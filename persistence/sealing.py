"""A store that keeps its data sealed: what users have written is unreadable in the database.

Sealed are contexts, payloads, outputs, arguments and answers of calls, outcomes, the messages of incidents, the texts,
answers and reasons of human tasks. What instances are found by stays as it is: ids, keys, the fields that a class names
in `search=`, names of machines, states and events, times. A sealed value is bound
to its place, so that it cannot be moved to another row unnoticed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar

from fsm.core.past import DIFFERENCE, WHOLE
from fsm.errors import StoreCorrupted
from fsm.ports.attempt import Attempt
from fsm.ports.retaining import Fold, Keep, whole
from fsm.ports.store import Accepted, CallRow, Commit, Effect, Entry, Incident, Loaded, Record, Store, Verdict
from fsm.ports.task import Task

R = TypeVar("R", Record, Entry, Accepted, Effect, CallRow, Attempt, Incident, Task)

MARKS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"answer": ('{"error"', '{"once"'), "past": (WHOLE, DIFFERENCE)}
)
"""How some values begin, sealed or not: forgiving finds the answers of failed calls without a key, pruning what it has
to fold."""

_SEALED: Final[Mapping[type, tuple[str, ...]]] = MappingProxyType(
    {
        Record: ("moving", "context", "output"),
        Entry: ("payload", "past", "notes"),
        Accepted: ("payload", "outcome"),
        Effect: ("context", "cause", "progress"),
        CallRow: ("arguments", "answer"),
        Attempt: ("parameters", "outcome", "late"),
        Incident: ("message",),
        Task: ("text", "outcome", "acts"),
    }
)
"""What is sealed of each row."""


class Codec(Protocol):
    """How values are sealed. `place` says where a value belongs; it must be given again to open it."""

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The sealed form."""
        ...

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The value again. Raises StoreCorrupted when it was not sealed like this, here."""
        ...


class SealedStore:
    """Any store, with a codec between it and the world.

    store = SealedStore(open_store("sqlite:///orders.db"), AESGCM({"2025": key}, seal_with="2025"))
    """

    def __init__(self, inner: Store, codec: Codec) -> None:
        """Values that are in the store already must have been sealed by this codec."""
        self._inner, self._codec = inner, codec

    def __getattr__(self, name: str) -> Any:
        # What carries no sealed value goes straight through: opening, claims, due times, numbers.
        return getattr(self._inner, name)

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns, sealed; a verdict for each."""
        sealed = [self._sealed(commit) for commit in batch]
        verdicts = await self._inner.commit(sealed)
        for given, written in zip(batch, sealed, strict=True):
            for row, kept in zip(given.accepted, written.accepted, strict=True):
                row.n = kept.n
            if given.incident is not None and written.incident is not None:
                given.incident.id = written.incident.id
        return verdicts

    def _sealed(self, commit: Commit) -> Commit:
        seal = self._seal
        return replace(
            commit,
            record=commit.record and seal(commit.record),
            entry=commit.entry and seal(commit.entry),
            accepted=[seal(row) for row in commit.accepted],
            settled=[seal(row) for row in commit.settled],
            amended=[seal(row) for row in commit.amended],
            effects_set=[seal(effect) for effect in commit.effects_set],
            progress=[seal(effect) for effect in commit.progress],
            calls=[seal(call) for call in commit.calls],
            attempts=[seal(attempt) for attempt in commit.attempts],
            tasks=[seal(task) for task in commit.tasks],
            started=[seal(record) for record in commit.started],
            incident=commit.incident and seal(commit.incident),
        )

    # ---- what comes back

    async def load(self, instance: str) -> Loaded | None:
        """One instance with all that waits for it, or None."""
        found = await self._inner.load(instance)
        return found and self._opened(found)

    async def load_many(self, instances: Sequence[str]) -> list[Loaded]:
        """The same for many, in order of id."""
        return [self._opened(found) for found in await self._inner.load_many(instances)]

    def _opened(self, found: Loaded) -> Loaded:
        return replace(
            found,
            record=self._open(found.record),
            inbox=[self._open(row) for row in found.inbox],
            effects=[self._open(effect) for effect in found.effects],
            incident=found.incident and self._open(found.incident),
        )

    async def calls(self, instance: str, cause: str) -> list[CallRow]:
        """The recorded calls of one cause."""
        return [self._open(call) for call in await self._inner.calls(instance, cause)]

    async def calls_of(self, instance: str) -> list[CallRow]:
        """Every recorded call of one instance, in the order of recording."""
        return [self._open(call) for call in await self._inner.calls_of(instance)]

    async def attempts(self, instance: str, cause: str | None = None) -> list[Attempt]:
        """The attempts of one cause, or of all; those of one call in their order."""
        return [self._open(attempt) for attempt in await self._inner.attempts(instance, cause)]

    async def tasks(self, **wanted: Any) -> list[Task]:
        """Human tasks, those that were opened first before others."""
        return [self._open(task) for task in await self._inner.tasks(**wanted)]

    async def find_key(self, instance: str, key: str) -> Accepted | None:
        """The inbox row of a sender's key, consumed ones included."""
        found = await self._inner.find_key(instance, key)
        return found and self._open(found)

    async def accepted(self, instance: str, ref: str) -> Accepted | None:
        """The inbox row of an event, consumed ones included."""
        found = await self._inner.accepted(instance, ref)
        return found and self._open(found)

    async def find(self, **wanted: Any) -> list[Record]:
        """Records in order of id."""
        return [self._open(record) for record in await self._inner.find(**wanted)]

    async def history(self, instance: str, after: int = -1, limit: int = 10_000) -> list[Entry]:
        """The journal of one instance, oldest first."""
        return [self._open(entry) for entry in await self._inner.history(instance, after, limit)]

    async def incidents(self, *, resolved: bool = False, instance: str | None = None) -> list[Incident]:
        """Open incidents, oldest first; with `resolved=True` the closed ones too."""
        found = await self._inner.incidents(resolved=resolved, instance=instance)
        return [self._open(incident) for incident in found]

    async def prune(
        self, machine: str, keep: Keep, *, now: float | None = None, limit: int = 1000, fold: Fold = whole
    ) -> int:
        """Delete what a policy does not keep; rows are folded with the codec."""

        def sealed(instance: str, rows: Sequence[str]) -> str:
            row = Entry(instance, 0, "", "", "", "", "", 0.0, 0.0)
            opened = [self._open(replace(row, past=past)).past for past in rows]
            return self._seal(replace(row, past=fold(instance, opened))).past

        return await self._inner.prune(machine, keep, now=now, limit=limit, fold=sealed)

    # ---- one row; an empty text says nothing, and a store may write it itself

    def _seal(self, row: R) -> R:
        changed: dict[str, Any] = {}
        for name in _SEALED[type(row)]:
            value = getattr(row, name)
            if isinstance(value, bytes):
                changed[name] = self._codec.seal(value, _place(row, name))
            elif value:
                mark = _mark(name, value)
                changed[name] = mark + base64.b64encode(self._codec.seal(value.encode(), _place(row, name))).decode()
        return replace(row, **changed)

    def _open(self, row: R) -> R:
        changed: dict[str, Any] = {}
        for name in _SEALED[type(row)]:
            value = getattr(row, name)
            if isinstance(value, bytes):
                changed[name] = self._codec.open(value, _place(row, name))
            elif value and not (name == "moving" and value.startswith("{")):  # as it was written before it was sealed
                changed[name] = self._codec.open(_decoded(row, name, value), _place(row, name)).decode()
        return replace(row, **changed)


def _place(row: Any, name: str) -> bytes:
    instance = row.id if isinstance(row, Record) else row.instance
    return f"{type(row).__name__}.{name} of {instance}".encode()


def _mark(name: str, value: str) -> str:
    return next((mark for mark in MARKS.get(name, ()) if value.startswith(mark)), "")


def _decoded(row: Any, name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value[len(_mark(name, value)) :], validate=True)
    except binascii.Error as problem:
        raise StoreCorrupted(
            f"{_place(row, 'a value').decode()} is not sealed: it was written without a codec, or changed since. Open"
            " the store without one to read it, or restore a backup."
        ) from problem
