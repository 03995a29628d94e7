"""Statechart libraries: an event in memory, each shape beside the plan engine."""

from __future__ import annotations

import logging
from typing import Any

from benchmarks import floors
from benchmarks.peers import pysm_shapes, sismic_shapes, statemachine_shapes, telling, xstate_shapes
from benchmarks.race import Effort, Side, race

_LIBRARIES: dict[str, Any] = {
    "python-statemachine": statemachine_shapes,
    "sismic": sismic_shapes,
    "xstate-statemachine": xstate_shapes,
    "pysm": pysm_shapes,
}
_SHAPES = {
    "flat": ("flat", floors.FLAT),
    "flat with guard, action, entry, exit": ("callbacks", floors.CALLBACKS),
    "three levels crossed": ("crossing", floors.CROSSING),
    "two regions moved": ("regions", floors.REGIONS),
}


def main() -> None:
    """Race them, one library at a time, so that one that fails does not take the others with it."""
    logging.disable(logging.CRITICAL)
    figures: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    effort = Effort(rounds=max(5, telling.rounds() // 2))
    for library, shapes in _LIBRARIES.items():
        for shape, (made, floor) in _SHAPES.items():
            make = getattr(shapes, made, None)
            if make is None:
                failed[f"{library}, {shape}"] = "the library has no such shape"
                continue
            try:
                times = race([Side(library, make), floor], effort)
            except Exception as problem:
                failed[f"{library}, {shape}"] = f"{type(problem).__name__}: {problem}"[:300]
                continue
            figures.append(telling.told(f"event, {shape}: {library}, over the plan engine", times, library, floor.name))
    telling.tell(figures, failed)


if __name__ == "__main__":
    main()
