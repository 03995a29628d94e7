"""Exact snapshots: all of a rehearsal as a value, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fsm.chart.chart import Chart, Invocation
from fsm.chart.machine import Machine
from fsm.core import local
from fsm.core.codec import Codec
from fsm.core.live import Live
from fsm.core.snapshot import (
    Snapshot,
    check_identity,
    check_owned,
    configuration_of,
    corrupted,
    histories_of,
    named_histories,
)
from fsm.testing.agenda import Agenda


def take(live: Live, agenda: Agenda, codec: Codec, status: str, now: float, children: dict[str, str]) -> Snapshot[Any]:
    """Everything, as a value that shares nothing with the rehearsal; `children` are snapshots by invoke."""
    return Snapshot(
        chart=live.table.chart,
        id=live.id,
        seq=live.seq,
        status=status,
        configuration=live.at.ids,
        context=codec.decode_context(codec.encode_context(live.machine.ctx)),
        histories=named_histories(live.table, live.histories),
        generation=live.generation,
        timers=tuple((key, generation, due) for (key, generation), due in sorted(agenda.timers.items())),
        invokes=tuple(replace(i, child=children.get(i.id, "")) for i in agenda.invokes.values()),
        waiting=tuple(agenda.events),
        locals=local.keep(live),
        output=live.output,
        now=now,
        deeds=live.deeds,
    )


def restore(snapshot: Snapshot[Any], live: Live, agenda: Agenda, codec: Codec) -> None:
    """Bring a rehearsal to what a snapshot says. Raises SnapshotCorrupted, SnapshotNewer, ContextInvalid."""
    chart = live.table.chart
    check_identity(chart, snapshot.machine, snapshot.chart.version)
    vars(live.machine)["ctx"] = codec.decode_context(codec.encode_context(snapshot.context))
    live.id, live.seq, live.generation = snapshot.id, snapshot.seq, snapshot.generation
    live.at = configuration_of(live.table, snapshot.configuration)
    live.histories = histories_of(live.table, snapshot.histories)
    try:
        local.restore(live, snapshot.locals)
    except (ValueError, AttributeError, TypeError) as problem:
        raise corrupted(chart, f"has data of states that cannot be read: {problem}") from problem
    check_owned(live.at, (key for key, _, _ in snapshot.timers), (i.id for i in snapshot.invokes))
    if not all(isinstance(n, int) and n >= least for n, least in ((snapshot.seq, 1), (snapshot.generation, 0))):
        raise corrupted(chart, f"counts {snapshot.seq!r} turns and {snapshot.generation!r} generations")
    live.timers = {key: generation for key, generation, _ in snapshot.timers}
    live.invokes = {i.id: i.generation for i in snapshot.invokes}
    live.deeds = snapshot.deeds
    live.output, live.finished = snapshot.output, snapshot.status == "done"
    agenda.timers = {(key, generation): due for key, generation, due in snapshot.timers}
    agenda.invokes = {i.id: i for i in snapshot.invokes}
    agenda.events = list(snapshot.waiting)


def child(chart: Chart, invocation: Invocation, text: str) -> tuple[type[Machine[Any, Any, Any]], Snapshot[Any]]:
    """The class and the snapshot of a child machine. Raises SnapshotCorrupted, SnapshotNewer."""
    try:
        name = json.loads(text)["machine"]
    except (ValueError, KeyError, TypeError) as problem:
        raise corrupted(chart, f"holds a child of invoke {invocation.id!r} that cannot be read") from problem
    machine = invocation.machines.get(name)
    if machine is None:
        raise corrupted(chart, f"holds a child of invoke {invocation.id!r} that is a {name!r}, which is not known here")
    return machine, Snapshot.from_json(machine.__chart__, text)
