"""Records: an instance in memory as the row that the store keeps, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, replace
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from fsm.core import local
from fsm.core.codec import Codec
from fsm.core.live import Live
from fsm.core.snapshot import (
    PendingInvoke,
    Snapshot,
    check_identity,
    check_owned,
    corrupted,
    histories_of,
    named_histories,
    placed,
)
from fsm.core.step import Answered, Places, Recorded, Step, Taken, event_name
from fsm.core.undo import deeds_of
from fsm.ports.store import Entry, Loaded, Record, Status, Timer
from fsm.runtime.scope import DurableLive


def digest_of(machine: str, context: bytes) -> str:
    """What an instance was started with: the same start again is not an error."""
    return hashlib.blake2b(machine.encode() + b"\0" + context, digest_size=16).hexdigest()


def write(live: Live, before: Record, context: bytes, codec: Codec, now: float) -> Record:
    """The row of an instance after a turn."""
    chart, ended = live.table.chart, live.finished
    return Record(
        id=live.id,
        machine=chart.name,
        version=chart.version,
        digest=chart.digest,
        status=Status.DONE.value if ended else before.status,
        seq=live.seq,
        config=live.at.text,
        moving=_moving(live),
        context=context,
        fence=before.fence,
        origin=before.origin,
        parent=before.parent,
        output=codec.encode_output(live.output) if ended else None,
        created=before.created,
        closed=now if ended else None,
    )


def _moving(live: Live) -> str:
    """The small moving parts as JSON; most instances have but a generation."""
    moving: dict[str, Any] = {}
    if live.histories:
        moving["h"] = named_histories(live.table, live.histories)
    if live.timers:
        moving["t"] = live.timers
    if live.invokes:
        moving["i"] = live.invokes
    if isinstance(live, DurableLive):
        if live.place is not None:
            moving["p"] = live.place
        if live.delayed:
            moving["s"] = live.delayed
        if live.dues:
            moving["w"] = live.dues
        if live.since:
            moving["b"] = live.since
        if live.changed and not live.takes_changed:
            moving["c"] = live.changed
    if live.deeds:
        moving["u"] = [astuple(deed) for deed in live.deeds]
    if live.table.local:
        live.saved_locals = moving["d"] = local.keep(live)
    if not moving:
        return f'{{"g":{live.generation}}}'
    return json.dumps({"g": live.generation, **moving}, separators=(",", ":"))


def read(live: Live, record: Record, codec: Codec) -> Any:
    """Bring a live instance to what a row says; returns the context. Raises SnapshotCorrupted, SnapshotNewer."""
    chart = live.table.chart
    if (record.machine, record.version) != (chart.name, chart.version):
        check_identity(chart, record.machine, record.version)
    try:
        moving = json.loads(record.moving or "{}")
        live.generation = int(moving.pop("g", 0))
        live.stand()
        if moving:
            _move(live, moving)
        unborn = record.seq == 0 or (record.config == "[]" and record.status == Status.CANCELLED)
        live.at = live.table.nowhere if unborn else placed(live.table, record.config)
        if live.table.local:
            local.restore(live, moving.get("d", {}))
        live.parent = record.parent
    except (ValueError, TypeError, AttributeError) as problem:
        raise corrupted(chart, f"of {record.id!r} cannot be read ({problem})") from problem
    if moving:
        check_owned(live.at, live.timers, live.invokes)
    live.seq = record.seq
    live.finished = record.status == Status.DONE.value
    live.output = codec.decode_output(record.output)
    return codec.decode_context(record.context)


def _move(live: Live, moving: dict[str, Any]) -> None:
    """Bring the small moving parts to what a row says. Raises ValueError, TypeError, AttributeError."""
    live.timers = {str(k): int(g) for k, g in moving.get("t", {}).items()}
    live.invokes = {str(k): int(g) for k, g in moving.get("i", {}).items()}
    live.histories = histories_of(live.table, {h: tuple(p) for h, p in moving.get("h", {}).items()})
    live.deeds = deeds_of(moving.get("u", []))
    if isinstance(live, DurableLive):
        live.place = (str(moving["p"][0]), int(moving["p"][1])) if "p" in moving else None
        live.dues = {str(k): float(due) for k, due in moving.get("w", {}).items()}
        live.since = {str(k): int(seq) for k, seq in moving.get("b", {}).items()}
        live.changed = str(moving.get("c", ""))
        live.delayed = {k: [(str(i), str(r), float(d)) for i, r, d in v] for k, v in moving.get("s", {}).items()}


def steps_of(trace: Sequence[Taken]) -> str:
    """The microsteps of a turn as the journal keeps them."""
    microsteps = [f'{{"event":{quoted(event_name(key))},{plan.text}}}' for key, plan, _ in trace]
    return f"[{','.join(microsteps)}]"


def step_of(answer: str | None, *step: Any) -> Step:
    """A step, with what it answered."""
    return Step(*step) if answer is None else Answered(answer, *step)


def recorded_step(entry: Entry, *, done: bool, output: Any, answer: str | None = None) -> Step:
    """The step of an earlier turn, from its journal entry."""
    return step_of(answer, entry.event, places(entry.config), microsteps_of(entry.steps), entry.seq, done, output)


def places(config: str) -> Places:
    """A configuration as a row keeps it."""
    leaves = json.loads(config)
    active = {".".join(leaf.split(".")[: n + 1]) for leaf in leaves for n in range(leaf.count(".") + 1)}
    return Places(frozenset(leaves), frozenset(active))


def microsteps_of(text: str) -> list[Recorded]:
    """Microsteps from the journal."""
    return [
        Recorded(m["event"], tuple(m["transitions"]), tuple(m["exited"]), tuple(m["entered"])) for m in json.loads(text)
    ]


def snapshot_of(loaded: Loaded, live: Live, codec: Codec, now: float) -> Snapshot[Any]:
    """The stored snapshot as a value. Raises SnapshotCorrupted, SnapshotNewer."""
    record = loaded.record
    context = read(live, record, codec)
    pending = []
    for effect in loaded.effects:
        cause = json.loads(effect.cause)
        pending.append(
            PendingInvoke(
                effect.key,
                effect.generation,
                effect.context.decode(),
                cause["event"],
                cause["payload"],
                items=cause.get("items", ""),
            )
        )
    return Snapshot(
        chart=live.table.chart,
        id=record.id,
        seq=record.seq,
        status=record.status,
        configuration=live.at.ids,
        context=context,
        histories=named_histories(live.table, live.histories),
        generation=live.generation,
        timers=tuple((t.key, t.generation, t.due) for t in sorted(loaded.timers, key=_by_key) if t.key in live.timers),
        invokes=tuple(pending),
        output=live.output,
        locals=local.keep(live),
        now=now,
        deeds=live.deeds,
    )


def _by_key(timer: Timer) -> tuple[str, int]:
    return timer.key, timer.generation


def with_status(record: Record, status: Status, now: float) -> Record:
    """The same row with another status."""
    return replace(record, status=status.value, closed=now if status.ended else record.closed)
