"""How long an instance was in each state."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.visualize.machines import Step
from visualize.stays import Stay, moments, stays


@dataclass
class Call:
    """A service call."""

    method: str
    at: float
    duration: float
    ok: bool = True
    attempt: int = 1


@dataclass
class Turn:
    """A turn with its time."""

    event: str
    at: float
    steps: list[Step] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


@dataclass
class Trouble:
    """An incident."""

    kind: str
    message: str
    at: float
    resolved: float | None = None


LIFE = [
    Turn("start", 10.0, [Step([], [], ["Draft"])]),
    Turn("Submit", 20.0, [Step([], ["Draft"], ["Processing", "Processing.Payment"])]),
    Turn("Edit", 30.0, [Step([], ["Processing.Payment"], ["Processing.Payment"])], [Call("bank.pay", 21.0, 4.0)]),
]


def test_a_stay_lasts_from_entry_to_exit_and_the_last_ones_are_open() -> None:
    assert stays(LIFE) == [
        Stay("Draft", 10.0, 20.0),
        Stay("Processing", 20.0, None),
        Stay("Processing.Payment", 20.0, 30.0),
        Stay("Processing.Payment", 30.0, None),
    ]


def test_a_state_that_was_left_without_an_entry_is_no_stay() -> None:
    assert stays([Turn("Go", 1.0, [Step([], ["Draft"], [])])]) == []


def test_moments_are_all_times_at_which_something_happens() -> None:
    assert moments(LIFE, [Trouble("x", "y", 22.0)], 40.0) == [10, 20, 21, 22, 25, 30, 40]
