"""`transitions` as an oracle: on the common subset both sides move alike and run the same callbacks in one order."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.fsm.interop.transitions_charts import draw, walk

STEPS = 25


def explain(seed: int, theirs: list[Any], ours: list[Any], drawn: Any) -> str:
    """The first difference, and the chart."""
    first = next(n for n, (a, b) in enumerate(zip(theirs, ours, strict=True)) if a != b)
    events = [event for event, *_ in theirs[: first + 1]]
    return (
        f"seed {seed}, after {events}\n  theirs {theirs[first]}\n  ours   {ours[first]}\n{drawn.states}\n"
        f"{drawn.transitions}\ninitial {drawn.initial}"
    )


def agree_exactly(seeds: range, depth: int) -> None:
    """Every answer, configuration and callback is the same, in the same order."""
    for seed in seeds:
        random = Random(seed)
        drawn = draw(random, depth=depth)
        theirs, ours = walk(drawn, random, STEPS)
        assert theirs == ours, explain(seed, theirs, ours, drawn)


def agree_on_regions(seeds: range) -> None:
    """The same configurations, and the same callbacks of what was taken; regions move in lock-step here, there not.

    Their answer is that of the region asked last. Which transitions of outer states are asked before an inner one is
    taken depends on the region that comes first here, and on the depth there, so that questions are not compared.
    """
    asked = ("prepare", "conditions", "unless")
    for seed in seeds:
        random = Random(seed)
        drawn = draw(random, parallel=True)
        theirs, ours = (
            [(e, a == "invalid", to, sorted(c for c in called if not c.startswith(asked))) for e, a, to, called in rows]
            for rows in walk(drawn, random, STEPS)
        )
        assert theirs == ours, explain(seed, theirs, ours, drawn)


def test_flat_machines_agree() -> None:
    agree_exactly(range(100), depth=0)


def test_nested_machines_agree() -> None:
    agree_exactly(range(150), depth=2)


def test_machines_with_regions_agree() -> None:
    agree_on_regions(range(150))


@pytest.mark.long
def test_thousands_of_flat_machines_agree() -> None:
    agree_exactly(range(100, 1_500), depth=0)


@pytest.mark.long
def test_thousands_of_nested_machines_agree() -> None:
    agree_exactly(range(150, 3_000), depth=2)


@pytest.mark.long
def test_thousands_of_machines_with_regions_agree() -> None:
    agree_on_regions(range(150, 3_000))
