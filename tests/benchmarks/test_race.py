"""A race: sides by turns, each of which must prove its work."""

from __future__ import annotations

import pytest

from benchmarks import familiar, floors, machines, payload, shapes
from benchmarks.figure import Wrong
from benchmarks.race import TURNS_A_ROUND, Check, Effort, Side, Step, race, ratio
from benchmarks.tally import Tally

SHORT = Effort(rounds=2, round_seconds=0.001)


def _counting(name: str, *, cost: int = 1, skips: bool = False, order: list[str] | None = None) -> Side:
    def make() -> tuple[Step, Check]:
        tally = Tally()

        def step(events: int) -> None:
            if order is not None:
                order.append(name)
            for _ in range(events - skips):
                sum(range(50 * cost))
                tally.actions += 1

        return step, tally.expects(0, 1, 0, 0)

    return Side(name, make)


def test_a_side_that_skips_work_is_found_out() -> None:
    with pytest.raises(Wrong, match="expected"):
        race([_counting("honest"), _counting("lazy", skips=True)], SHORT)


def test_every_second_turn_runs_in_reverse() -> None:
    order: list[str] = []
    race([_counting("a", order=order), _counting("b", order=order)], SHORT)
    assert order[:4] == ["a", "a", "b", "b"]  # each finds out how much it can do
    assert order[4:] == ["b", "a", "a", "b"] * (2 * TURNS_A_ROUND // 2)


def test_the_ratio_of_twenty_times_the_work_is_large() -> None:
    times = race([_counting("small"), _counting("large", cost=20)], Effort(rounds=3, round_seconds=0.005))
    assert ratio("large over small", times, "large", "small").value > 4


@pytest.mark.parametrize(
    "side",
    [
        machines.FLAT,
        machines.CALLBACKS,
        machines.AWAITED,
        machines.CROSSING,
        machines.REGIONS,
        floors.FLAT,
        floors.CALLBACKS,
        floors.AWAITED,
        floors.CROSSING,
        floors.REGIONS,
        familiar.CROSSING,
        familiar.REGIONS,
        shapes.round_trip(7),
        shapes.tower(5),
        shapes.regions(8),
        payload.changed(3),
        payload.encoded(3),
    ],
    ids=lambda side: side.name,
)
def test_a_side_proves_its_work_and_only_that(side: Side) -> None:
    step, check = side.make()
    step(4)
    check(4)
    step(1)
    check(5)
    with pytest.raises(Wrong):
        check(6)
