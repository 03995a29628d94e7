"""A durable step through `Instance.send` on SQLite, beside the same rows written by hand."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Awaitable, Callable
from itertools import chain
from pathlib import Path

import anyio

from benchmarks import sqlite_floor
from benchmarks.durable_side import Steps, ours
from benchmarks.figure import Gate, Outcome, figure, percentile
from benchmarks.race import TURNS_A_ROUND, Effort

SPEED = Gate(0.25, 0.33, at_least=True)
GROUPS = Gate(0.25, 0.35, at_least=True)
P99 = Gate(5, 3)
TURNS = Gate(50, 90, at_least=True)
BY_HAND, WHOLE = sqlite_floor.ByHand.name, sqlite_floor.WholeStep.name
Statistic = Callable[[Steps], float]


def single(effort: Effort) -> list[Outcome]:
    """One instance, one step after the other."""
    return _single_figures(anyio.run(_single, effort, 10, "NORMAL"))


def full(effort: Effort) -> list[Outcome]:
    """The same as we are shipped, with an fsync for each step on both sides."""
    return [
        _speed("durable step, one instance, FULL: speed of sqlite3 by hand", anyio.run(_single, effort, 10, "FULL"))
    ]


def larger(effort: Effort) -> list[Outcome]:
    """Larger contexts."""
    return [
        _speed(
            f"durable step, a context of {size}, NORMAL: speed of sqlite3 by hand",
            anyio.run(_single, effort, lines, "NORMAL"),
        )
        for lines, size in ((160, "10 KB"), (1_000, "64 KB"))
    ]


async def _single(effort: Effort, lines: int, synchronous: str) -> dict[str, list[Steps]]:
    seconds = effort.round_seconds * 10 / TURNS_A_ROUND
    with tempfile.TemporaryDirectory(prefix="fsm-bench-") as folder:
        place = Path(folder)
        by_hand = sqlite_floor.ByHand(place / "by-hand.db", synchronous, lines)
        whole = sqlite_floor.WholeStep(place / "whole.db", synchronous)
        rounds: dict[str, list[Steps]] = {"ours": [], BY_HAND: [], WHOLE: []}
        async with ours(place / "ours.db", synchronous, lines_each=lines) as our:
            instance = sqlite_floor.names()[0]
            sides: dict[str, Callable[[float], Awaitable[Steps]]] = {
                "ours": our.single,
                by_hand.name: _soon(lambda s: sqlite_floor.timed(lambda: by_hand.step(instance), s)),
                whole.name: _soon(lambda s: sqlite_floor.timed(whole.step, s)),
            }
            for number in range(effort.rounds * TURNS_A_ROUND + 1):
                for name in list(sides) if number % 2 else reversed(sides):
                    took = await sides[name](seconds)
                    if number:  # the first turn warms up
                        rounds[name].append(took)
            for side in (our, by_hand, whole):
                side.check()
        by_hand.close()
        whole.close()
    return rounds


def _soon(work: Callable[[float], Steps]) -> Callable[[float], Awaitable[Steps]]:
    async def run(seconds: float) -> Steps:
        return work(seconds)

    return run


def _speed(case: str, rounds: dict[str, list[Steps]], gate: Gate | None = None) -> Outcome:
    values = [statistics.fmean(b) / statistics.fmean(a) for a, b in zip(rounds["ours"], rounds[BY_HAND], strict=True)]
    return figure(case, values, gate=gate, sides=_middle(rounds, BY_HAND, statistics.fmean))


def _over_whole(case: str, rounds: dict[str, list[Steps]]) -> Outcome:
    pairs = zip(rounds["ours"], rounds[WHOLE], strict=True)
    values = [statistics.median(ours) / statistics.median(whole) for ours, whole in pairs]
    return figure(case, values, sides=_middle(rounds, WHOLE, statistics.median))


def _middle(rounds: dict[str, list[Steps]], floor: str, of: Statistic) -> dict[str, float]:
    return {name: statistics.median(map(of, rounds[name])) * 1e6 for name in ("ours", floor)}


def _slowest(case: str, rounds: dict[str, list[Steps]]) -> Outcome:
    """Of all steps together: a single round has too few that are slow."""
    sides = {name: percentile(list(chain(*rounds[name])), 0.99) for name in ("ours", WHOLE)}
    shown = {name: seconds * 1e6 for name, seconds in sides.items()}
    return figure(case, [sides["ours"] / sides[WHOLE]], gate=P99, sides=shown)


def _single_figures(rounds: dict[str, list[Steps]]) -> list[Outcome]:
    case = "durable step, one instance, NORMAL"
    return [
        _speed(f"{case}: speed of sqlite3 by hand", rounds, SPEED),
        _slowest(f"{case}: p99 over the p99 of the whole step", rounds),
        _over_whole(f"{case}: median over the median of the whole step", rounds),
    ]


def together(effort: Effort) -> list[Outcome]:
    """100 instances at once, NORMAL and FULL."""
    return [anyio.run(_together, effort, "NORMAL")[0], *anyio.run(_together, effort, "FULL")]


async def _together(effort: Effort, synchronous: str) -> list[Outcome]:
    count, each = sqlite_floor.INSTANCES, max(1, int(effort.round_seconds * 400 / TURNS_A_ROUND))
    values: list[float] = []
    times: dict[str, list[float]] = {"ours": [], BY_HAND: []}
    turns: list[float] = []
    with tempfile.TemporaryDirectory(prefix="fsm-bench-") as folder:
        by_hand = sqlite_floor.ByHand(Path(folder) / "by-hand.db", synchronous)
        async with ours(Path(folder) / "ours.db", synchronous, count) as our:
            for number in range(effort.rounds * TURNS_A_ROUND + 1):
                transactions, written = our.store.transactions, our.store.turns
                mine = (await our.together(each))[0]
                made = our.store.transactions - transactions
                took = sqlite_floor.timed(by_hand.group, effort.round_seconds * 8 / TURNS_A_ROUND)
                theirs = sum(took) / len(took) / count
                if number:  # the first turn warms up
                    values.append(theirs / mine)
                    times["ours"].append(mine)
                    times[BY_HAND].append(theirs)
                    turns.append((our.store.turns - written) / made)
            our.check()
            by_hand.check()
        by_hand.close()
    sides = {name: statistics.median(took) * 1e6 for name, took in times.items()}
    case = f"durable step, {count} instances at once, {synchronous}"
    return [
        figure(
            f"{case}: speed of groups of {count} by hand",
            values,
            gate=GROUPS if synchronous == "NORMAL" else None,
            sides=sides,
        ),
        figure(f"{case}: turns for each fsync", turns, "turns", TURNS),
    ]
