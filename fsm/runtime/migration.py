"""Migration: an instance that another version of its class has written goes on with the class that is here.

row ──same version, same shape──▶ goes on
    ──migrations declared───────▶ one more turn, "migrate": renamed, its data brought up, committed by itself
    ──everything still there────▶ adopted: its next commit says so
    ──else──────────────────────▶ SnapshotUnfit: left to workers that carry the older code
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fsm.chart.machine import Machine
from fsm.chart.migration import Migration
from fsm.core.live import Live
from fsm.core.migrate import context_after, ends, state_after, steps_from, timer_after
from fsm.core.snapshot import check_identity
from fsm.core.table import codec_of, table_of
from fsm.errors import SearchInvalid, SnapshotUnfit
from fsm.ports.store import Commit, Entry, Loaded, Record, Status, Verdict
from fsm.runtime import finding, past, records
from fsm.runtime.host import Host, Lost

MachineClass = type[Machine[Any, Any, Any]]


async def brought(host: Host, machine: MachineClass, loaded: Loaded) -> Loaded:
    """The instance as the class has it; a migration is committed before anything else happens.

    Raises SnapshotNewer, SnapshotUnfit, StoreError.
    """
    chart, record = machine.__chart__, loaded.record
    if (record.version, record.digest) == (chart.version, chart.digest):
        return loaded
    commit = migration(machine, loaded, host.clock())
    if commit is None:
        return loaded
    if Status(record.status).ended:
        return _seen(loaded, commit)
    if (await host.committer.submit([commit]))[0] is Verdict.COMMITTED:
        again = await host.store.load(record.id)
        if again is not None:
            return again
    raise Lost(f"{record.machine} {record.id!r} was moved by somebody else while it was migrated; read it again")


def looked_at(machine: MachineClass, loaded: Loaded) -> Loaded:
    """The instance as the class would have it; nothing is written. Raises SnapshotNewer, SnapshotUnfit."""
    chart, record = machine.__chart__, loaded.record
    if (record.version, record.digest) == (chart.version, chart.digest):
        return loaded
    commit = migration(machine, loaded, 0.0)
    return loaded if commit is None else _seen(loaded, commit)


def _seen(loaded: Loaded, commit: Commit) -> Loaded:
    assert commit.record is not None
    moved = {(timer.key, timer.generation) for timer in commit.timers_set} | set(commit.timers_cleared)
    timers = [t for t in loaded.timers if (t.key, t.generation) not in moved]
    record = replace(commit.record, seq=loaded.record.seq)
    return replace(loaded, record=record, timers=[*timers, *commit.timers_set], effects=list(commit.effects_set))


def migration(machine: MachineClass, loaded: Loaded, now: float) -> Commit | None:
    """The commit that brings an instance to the class; None where it fits as it is.

    Raises SnapshotNewer, SnapshotUnfit.
    """
    chart, record = machine.__chart__, loaded.record
    check_identity(chart, record.machine, record.version)
    steps = steps_from(machine.__migrations__, record.version)
    live, codec = Live(record.id, table_of(machine)), codec_of(machine)
    try:
        moved = _renamed(steps, loaded) if steps else record
        context = codec.encode_context(records.read(live, moved, codec))
        effects = [
            replace(e, context=context_after(steps, e.context)) for e in loaded.effects if not ends(steps, e.key)
        ]
        for effect in effects:
            codec.decode_context(effect.context)
    except Exception as problem:  # an upcaster may raise anything
        raise _unfit(machine, record, problem, steps) from problem
    if not steps:
        return None
    config = live.at.text if record.seq else record.config
    moved = replace(moved, version=chart.version, digest=chart.digest, config=config, context=context)
    commit = Commit(record.id, seq=record.seq, fence=record.fence, record=moved)
    if record.seq:  # an instance that has not begun has no turns yet
        moved.seq += 1
        commit.entry = _entry(record, moved, now)
        if machine.__history__ == "full":
            commit.entry.past = past.kept(record, moved)
    _carry(commit, steps, loaded)
    try:
        finding.note(commit, codec, record, context, begins=True)
    except SearchInvalid as problem:
        raise _unfit(machine, record, problem, steps) from problem
    commit.effects_set = effects
    return commit


def _renamed(steps: Sequence[Migration], loaded: Loaded) -> Record:
    """The row with the new names and the new data, not yet checked. Raises ValueError for what cannot be ended."""
    record = loaded.record
    moving = json.loads(record.moving or "{}")
    new = {
        "h": {state_after(steps, h): [state_after(steps, s) for s in past] for h, past in moving.get("h", {}).items()},
        "t": {name: g for key, g in moving.get("t", {}).items() if (name := timer_after(steps, key)) is not None},
        "w": {name: due for key, due in moving.get("w", {}).items() if (name := timer_after(steps, key)) is not None},
        "b": {key: seq for key, seq in moving.get("b", {}).items() if not ends(steps, key)},
        "i": {key: g for key, g in moving.get("i", {}).items() if not ends(steps, key)},
        "u": [[n, name, state_after(steps, state), *rest] for n, name, state, *rest in moving.get("u", [])],
        "d": {state_after(steps, s): data for s, data in moving.get("d", {}).items()},
    }
    children = set(moving.get("i", {})) - {e.key for e in loaded.effects} - _answered(loaded)
    if lost := [key for key in children if ends(steps, key)]:
        raise ValueError(
            f"waits for the child or the person of {lost[0]!r}, which a migration cannot end; let that end first"
        )
    leaves = [state_after(steps, leaf) for leaf in json.loads(record.config)]
    return replace(
        record,
        config=json.dumps(leaves),
        moving=json.dumps(moving | {part: new[part] for part in new if part in moving}, separators=(",", ":")),
        context=context_after(steps, record.context),
    )


def _answered(loaded: Loaded) -> set[str]:
    """The invokes whose answer waits."""
    return {row.name.split(".", 2)[2] for row in loaded.inbox if row.lane == "result"}


def _carry(commit: Commit, steps: Sequence[Migration], loaded: Loaded) -> None:
    """Move the timers to their new keys, and take out of the store what ends."""
    keys = [(timer, timer_after(steps, timer.key)) for timer in loaded.timers]
    commit.timers_cleared = [(timer.key, timer.generation) for timer, key in keys if key != timer.key]
    commit.timers_set = [replace(timer, key=key) for timer, key in keys if key not in (None, timer.key)]
    commit.effects_cleared = [(e.key, e.generation) for e in loaded.effects if ends(steps, e.key)]
    commit.settled = [
        replace(row, state="refused")
        for row in loaded.inbox
        if row.lane == "result" and ends(steps, row.name.split(".", 2)[2])
    ]


def _entry(before: Record, after: Record, now: float) -> Entry:
    """The turn as the journal keeps it: what was left and entered is what has another name now."""
    old, new = json.loads(before.config), json.loads(after.config)
    step = {
        "event": "migrate",
        "transitions": [],
        "exited": [s for s in old if s not in new],
        "entered": [s for s in new if s not in old],
    }
    way = f"migrate:{before.version}>{after.version}"
    payload = json.dumps({"from": before.version, "to": after.version})
    return Entry(after.id, after.seq, way, "migrate", payload, json.dumps([step]), after.config, now, 0.0)


def _unfit(machine: MachineClass, record: Record, problem: Exception, steps: Sequence[Migration]) -> SnapshotUnfit:
    chart = machine.__chart__
    declare = f"raise version= and declare migrations=(Migration({record.version!r}, …),)"
    why = str(problem).removeprefix(f"{chart.name}: ").partition(". ")[0]
    hint = "mend its migrations=" if steps else declare
    return SnapshotUnfit(
        f"{chart.name} {record.id!r} was written by version {record.version} and does not fit version {chart.version}"
        f" of this class: {why}. It is left to workers with the code that wrote it; or {hint}.",
        reason=why,
    )
