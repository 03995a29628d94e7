"""Figures and gates: what holds, what is broken, and by how much."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import benchmarks
from benchmarks.figure import Gate, best, figure, percentile

_OURS = [m.name for m in pkgutil.iter_modules(benchmarks.__path__, "benchmarks.") if not m.ispkg]


@pytest.mark.parametrize("name", [n for n in _OURS if not n.endswith("__main__")])
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_gate_holds_on_its_bound_and_breaks_beyond() -> None:
    assert Gate(3.5, 2.5).holds(3.5)
    assert not Gate(3.5, 2.5).holds(3.6)
    assert Gate(30, 40, at_least=True).holds(30)
    assert not Gate(30, 40, at_least=True).holds(29)


def test_a_stretch_is_reached_from_the_better_side() -> None:
    assert Gate(3.5, 2.5).stretched(2.5)
    assert not Gate(3.5, 2.5).stretched(2.6)
    assert Gate(30, 40, at_least=True).stretched(41)


def test_nothing_at_all_breaks_a_gate_that_wants_much() -> None:
    assert Gate(30, 40, at_least=True).excess(0) == float("inf")


def test_a_figure_is_the_median_with_the_middle_half() -> None:
    made = figure("a case", [9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 100.0, 2.5])
    assert (made.value, made.low, made.high) == (3.5, 2.5, 5.0)


def test_what_no_floor_stands_beside_is_the_least_of_the_rounds() -> None:
    made = best("a case", [5.0, 3.0, 9.0], "ms", Gate(4, 2))
    assert (made.value, made.side_unit, made.holds) == (3.0, "ms", True)


def test_a_gate_is_broken_beyond_doubt_when_the_better_quarter_of_the_rounds_fails_too() -> None:
    assert figure("a case", [3.8, 3.8, 3.9, 3.9], gate=Gate(3.5, 2.5)).broken
    assert not figure("a case", [3.4, 3.4, 3.9, 3.9], gate=Gate(3.5, 2.5)).broken
    assert figure("a case", [29, 29, 29, 29], gate=Gate(30, 40, at_least=True)).broken
    assert not figure("a case", [29, 29, 31, 31], gate=Gate(30, 40, at_least=True)).broken


def test_a_time_informs_and_breaks_nothing() -> None:
    assert not figure("a case", [99.0], "ms", Gate(15, 8)).broken


def test_a_figure_without_a_gate_holds() -> None:
    assert figure("a case", [1e9]).holds


def test_percentiles_stay_within_the_values() -> None:
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([float(n) for n in range(1_000)], 0.5) == 500.0
