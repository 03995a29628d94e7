"""The audit: whatever can be seen to be wrong with a store of accounts, its ledger, and what senders were told.

It trusts nothing that the orchestrator says of itself: it compares the rows, the journal, the ledger of the services
and the answers with what was sent.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fsm import StateMachine
from fsm.chart.event import wire_name
from fsm.core.live import Live
from fsm.core.table import codec_of, table_of
from fsm.errors import SnapshotError
from fsm.ports.store import Entry, Record, Store
from fsm.runtime.records import microsteps_of, places, snapshot_of
from tests.simulation.accounts import CALLS, Account, Pass, Piece, Put, Tagged, linked

MACHINES: dict[str, type[StateMachine[Any, Any, Any]]] = {"Account": Account, "Piece": Piece}
TAGGED = {wire_name(event) for event in Tagged.__subclasses__()}


@dataclass(frozen=True)
class Sent:
    """An event, sent once or several times with its tag as its key."""

    instance: str
    event: Tagged

    @property
    def refused(self) -> bool:
        """Whether the account has to refuse it."""
        return isinstance(self.event, Put) and self.event.amount == 0


@dataclass
class Books:
    """What was sent, what was answered, and what the services did."""

    sent: dict[str, Sent] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    ledger: list[dict[str, str]] = field(default_factory=list)

    def read_ledgers(self, folder: Path) -> None:
        """Take in what the services of all workers have written."""
        for path in folder.glob("ledger-*"):
            self.ledger += [json.loads(line) for line in path.read_text().splitlines()]


async def audit(store: Store, books: Books) -> list[str]:
    """Everything that is wrong; nothing must be going on any more."""
    records = await store.find(limit=1_000_000)
    journals = {record.id: await store.history(record.id, limit=1_000_000) for record in records}
    found = [f"incident of {i.instance}: {i.message}" for i in await store.incidents(resolved=True)]
    for record in records:
        found += _wrong_journal(record, journals[record.id])
        found += _wrong_places(record, journals[record.id])
        found += await _wrong_snapshot(store, record)
    found += _wrong_sums(records, journals, books.sent)
    found += await _wrong_keys(store, journals, books.sent)
    found += _wrong_answers(books)
    found += _wrong_ledger(books)
    return found


def _wrong_journal(record: Record, entries: Sequence[Entry]) -> Iterator[str]:
    seqs = [entry.seq for entry in entries]
    if seqs != list(range(1, record.seq + 1)):
        yield f"{record.id}: the journal has the turns {seqs}, the row stands at {record.seq}"
    for cause, times in Counter(entry.cause for entry in entries).items():
        if times > 1:
            yield f"{record.id}: {cause} has {times} turns"


def _wrong_places(record: Record, entries: Sequence[Entry]) -> Iterator[str]:
    """Every turn leaves what was active, enters what was not, and ends where its row says."""
    at: set[str] = set()
    for entry in entries:
        for step in microsteps_of(entry.steps):
            if not set(step.exited) <= at:
                yield f"{record.id}: turn {entry.seq} left {set(step.exited) - at}, which was not active"
            at = at - set(step.exited) | set(step.entered)
        ended = record.status == "done" and entry.seq == record.seq  # then everything has been left, too
        if at != (set() if ended else set(places(entry.config).active)):
            yield f"{record.id}: turn {entry.seq} ended in {sorted(at)}, written is {entry.config}"
    if entries and entries[-1].config != record.config:
        yield f"{record.id}: the journal ends in {entries[-1].config}, the row stands in {record.config}"


async def _wrong_snapshot(store: Store, record: Record) -> list[str]:
    """A configuration is legal, nothing waits, and what runs on belongs to a stay that goes on."""
    loaded = await store.load(record.id)
    assert loaded is not None
    machine = MACHINES[record.machine]
    try:
        snapshot_of(loaded, Live(record.id, table_of(machine)), codec_of(machine), 0.0)
    except SnapshotError as problem:
        return [f"{record.id}: {problem}"]
    wanted = "running" if machine is Account else "done"
    left = [f"{row.state} {row.name}" for row in loaded.inbox] + [t.key for t in loaded.timers]
    left += [effect.key for effect in loaded.effects] + ([record.status] if record.status != wanted else [])
    return [f"{record.id}: left over are {left}"] if left else []


def _wrong_sums(
    records: Sequence[Record], journals: Mapping[str, Sequence[Entry]], sent: Mapping[str, Sent]
) -> Iterator[str]:
    """What an account has and what it has applied, against what was sent to it."""
    totals: Counter[str] = Counter()
    due: dict[str, set[str]] = defaultdict(set)
    for tag, one in sent.items():
        if one.refused:
            continue
        due[one.instance].add(tag)
        totals[one.instance] += -one.event.amount if isinstance(one.event, Pass) else one.event.amount
        if isinstance(one.event, Pass):
            due[one.event.to].add(f"{tag}/passed")
            totals[one.event.to] += one.event.amount
    for record in (r for r in records if r.machine == "Account"):
        context = json.loads(record.context)
        applied = [json.loads(entry.payload)["tag"] for entry in journals[record.id] if entry.event in TAGGED]
        if Counter(applied) != Counter(due[record.id]):
            more, less = Counter(applied) - Counter(due[record.id]), Counter(due[record.id]) - Counter(applied)
            yield f"{record.id}: applied too often {dict(more)}, never {dict(less)}"
        chain = ""
        for tag in applied:
            chain = linked(chain, tag)
        if context["chain"] != chain:
            yield f"{record.id}: its context is not what its journal makes"
        if context["total"] != totals[record.id]:
            yield f"{record.id}: has {context['total']}, should have {totals[record.id]}"
    if missing := due.keys() - {r.id for r in records}:
        yield f"never begun: {sorted(missing)}"


async def _wrong_keys(store: Store, journals: Mapping[str, Sequence[Entry]], sent: Mapping[str, Sent]) -> list[str]:
    """The row of every key names the turn that took it."""
    found = []
    for tag, one in sent.items():
        row = await store.find_key(one.instance, tag)
        outcome = json.loads(row.outcome or "{}") if row is not None else {}
        turn = next((e for e in journals.get(one.instance, ()) if e.seq == outcome.get("seq")), None)
        if one.refused and "error" not in outcome:
            found.append(f"{one.instance}: {tag} was not refused")
        if not one.refused and (row is None or turn is None or turn.cause != row.ref):
            found.append(f"{one.instance}: the key {tag} names the turn {turn and turn.cause}")
    return found


def _wrong_answers(books: Books) -> Iterator[str]:
    for tag in books.sent:
        told = books.answers[tag]
        if not told:
            yield f"{tag} was never answered"
        if any(answer != told[0] for answer in told):
            yield f"{tag} was answered differently: {told}"


def _wrong_ledger(books: Books) -> Iterator[str]:
    """What had to be done was done, with one key however often it was repeated; nothing else was done."""
    ended: set[tuple[str, str]] = set()
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in books.ledger:
        effect = (line["method"], line["tag"])
        keys[effect].add(line["key"])
        if line["at"] == "ended":
            ended.add(effect)
    due = {
        (method, tag)
        for tag, one in books.sent.items()
        for method in (("sound",) if one.refused else CALLS.get(type(one.event), ()))
    }
    yield from (f"{effect} was done with the keys {sorted(used)}" for effect, used in keys.items() if len(used) > 1)
    yield from (f"{effect} was never done" for effect in sorted(due - ended))
    yield from (f"{effect} was done, though nobody asked" for effect in sorted(keys.keys() - due))
