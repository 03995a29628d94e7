"""Waiting until an instance is somewhere: decided by what is committed, wherever the instance runs.

Between two looks many turns may be taken, so the journal says where the instance has been meanwhile.
"""

from __future__ import annotations

from typing import Any

import anyio

from fsm.chart.machine import Machine
from fsm.core.table import table_of
from fsm.errors import InstanceEnded, InstanceUnknown, StateUnknown
from fsm.ports.store import Loaded, Status
from fsm.runtime import parking, records, sending
from fsm.runtime.elsewhere import LOOK_SECONDS, LOOK_SECONDS_MAX, Elsewhere
from fsm.runtime.fleet import Fleet
from fsm.runtime.keeper import Keeper

MachineClass = type[Machine[Any, Any, Any]]


def state_ids(machine: MachineClass, state: Any) -> frozenset[str]:
    """The ids that a state, or an id, stands for in a machine. Raises StateUnknown."""
    chart = machine.__chart__
    exact = None if isinstance(state, str) else chart.numbers.get(state)
    found = table_of(machine).places(state) if exact is None else [exact]
    if not found:
        name = repr(state) if isinstance(state, str) else getattr(state, "__qualname__", repr(state))
        known = ", ".join(node.id for node in chart.nodes if node.id)
        raise StateUnknown(f"{chart.name} has no state {name}; its states: {known}")
    return frozenset(chart.nodes[number].id for number in found)


async def until_active(fleet: Fleet, machine: MachineClass, loaded: Loaded, state: Any) -> None:
    """Return when a state is active in a committed snapshot, that which is there or a later one.

    Raises StateUnknown, InstanceEnded, InstanceParked, InstanceUnknown.
    """
    wanted, id = state_ids(machine, state), loaded.record.id
    sending.not_within(id, "a state of its own")
    seen, pause = loaded.record.seq, LOOK_SECONDS
    while not _is_in(loaded.record.config, wanted):
        if (moved := loaded.record.seq - seen) > 0:
            entries = await fleet.store.history(id, after=seen, limit=moved)
            if any(_is_in(entry.config, wanted) for entry in entries):
                return
            seen, pause = loaded.record.seq, LOOK_SECONDS
        _refuse(loaded, wanted)
        pause = await _news(fleet, loaded, pause)
        found = await fleet.store.load(id)
        if found is None:
            raise InstanceUnknown(f"no instance {id!r} in the store any more", instance=id)
        loaded = found


def _is_in(config: str, wanted: frozenset[str]) -> bool:
    return not wanted.isdisjoint(records.places(config).active)


def _refuse(loaded: Loaded, wanted: frozenset[str]) -> None:
    record = loaded.record
    if record.status == Status.PARKED:
        raise parking.parked_error(record, loaded.incident)
    if Status(record.status).ended:
        raise InstanceEnded(
            f"{record.machine} {record.id!r} is {record.status} and was not in {' or '.join(sorted(wanted))} since it"
            f" was waited for; its journal tells where it was before.",
            instance=record.id,
        )


async def _news(fleet: Fleet, loaded: Loaded, pause: float) -> float:
    """Wait until there may be news; how long to wait the next time where nobody tells."""
    record = loaded.record
    try:
        keeper = await fleet.keepers.find(record.id)
    except Elsewhere:
        await anyio.sleep(pause)
        return min(2 * pause, LOOK_SECONDS_MAX)
    if keeper.draining or _stands(keeper) == (record.seq, record.status):
        await keeper.news()
    return LOOK_SECONDS


def _stands(keeper: Keeper) -> tuple[int, str]:
    return keeper.record.seq, keeper.record.status
