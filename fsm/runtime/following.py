"""Following the progress of an invoke, wherever it runs: in memory where it runs here, else beside its effect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio

from fsm.chart.machine import Machine
from fsm.core.progress import Progress, progress_of
from fsm.errors import InvokeUnknown
from fsm.ports.store import Store
from fsm.runtime.elsewhere import LOOK_SECONDS, LOOK_SECONDS_MAX
from fsm.runtime.progress import ProgressBoard


def check_invoke(machine: type[Machine[Any, Any, Any]], invoke: str) -> None:
    """Whether a machine has an invoke that could tell. Raises InvokeUnknown."""
    known = [i.id for i in machine.__chart__.invokes if not i.aside]
    if invoke not in known:
        raise InvokeUnknown(
            f"{machine.__name__} has no invoke {invoke!r} that could tell; it has {', '.join(known) or 'none'}"
        )


async def follow(store: Store, board: ProgressBoard, instance: str, invoke: str) -> AsyncIterator[Progress]:
    """What an invoke that is at work tells, the newest first, until this stay of its state has ended."""
    pause, generation = LOOK_SECONDS, 0
    last: Progress | None = None
    while True:
        found = here = board.told(instance, invoke)
        if found is None:
            loaded = await store.load(instance)
            found = next((e for e in loaded.effects if e.key == invoke), None) if loaded else None
        if found is None or generation not in (0, found.generation):
            return
        generation = found.generation
        told = None if found.progress is None else progress_of(found.progress)
        newer = here is not None or last is None or (told is not None and told.at > last.at)
        if told is not None and told != last and newer:
            last, pause = told, LOOK_SECONDS
            yield told
        elif here is not None:
            await board.news(instance, invoke)
        else:
            await anyio.sleep(pause)
            pause = min(2 * pause, LOOK_SECONDS_MAX)
