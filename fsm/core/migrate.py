"""Migrating: what the names and the data of a snapshot become on the way through several migrations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fsm.chart.chart import TIMERS
from fsm.chart.migration import Migration, number_of


def steps_from(migrations: Iterable[Migration], version: str) -> tuple[Migration, ...]:
    """The migrations that lie before a snapshot of some version, oldest first; a version that none leaves is as the
    next one."""
    return tuple(m for m in migrations if number_of(m.version) >= number_of(version))


def state_after(steps: Sequence[Migration], id: str) -> str:
    """What a state is called at the end."""
    for step in steps:
        id = step.state(id)
    return id


def timer_after(steps: Sequence[Migration], key: str) -> str | None:
    """The key of a timer at the end; None for one that ends."""
    if not key.startswith(TIMERS):
        return key
    word, _, rest = key.partition(":")
    state, _, name = rest.rpartition("#")
    for step in steps:
        if name in step.ends:
            return None
        state, name = step.state(state), step.timers.get(name, name)
    return f"{word}:{state}#{name}"


def ends(steps: Sequence[Migration], invoke: str) -> bool:
    """Whether a running invoke is not carried on."""
    return any(invoke in step.ends for step in steps)


def context_after(steps: Sequence[Migration], context: bytes | str) -> bytes:
    """The data at the end, not yet checked. Raises whatever an upcaster raises, TypeError when it gives no dict."""
    data = json.loads(context)
    for step in steps:
        if step.context is not None:
            data = step.context(data)
            if not isinstance(data, dict):
                raise TypeError(f"the context of Migration({str(step.version)!r}) gave {data!r}, which is no dict")
    return json.dumps(data).encode()
