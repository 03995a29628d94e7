"""How often a call is repeated, and when."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.errors import PolicyInvalid
from fsm.service import Backoff, Retry, Retryable, Terminal

MILLISECONDS = st.integers(0, 10**10)


@given(first=MILLISECONDS, longest=MILLISECONDS, factor=st.floats(1, 1e6), attempt=st.integers(1, 10_000))
def test_delays_grow_up_to_the_longest_and_never_shrink(first: int, longest: int, factor: float, attempt: int) -> None:
    first, longest = sorted((first, longest))
    backoff = Backoff(f"{first}ms", factor=factor, longest=f"{longest}ms")
    assert backoff.delay(1) == first / 1000
    assert first / 1000 <= backoff.delay(attempt) <= backoff.delay(attempt + 1) <= longest / 1000


@given(jitter=st.floats(0, 1), chance=st.floats(0, 1), attempt=st.integers(1, 50))
def test_chance_only_shortens_a_delay_and_by_no_more_than_the_jitter(
    jitter: float, chance: float, attempt: int
) -> None:
    retry, whole = Retry(9, jitter=jitter), Backoff().delay(attempt)
    assert whole * (1 - jitter) - 1e-9 <= retry.delay(attempt, chance) <= whole
    assert retry.delay(attempt, 0.0) == whole


def test_a_delay_alone_is_that_of_the_first_attempt() -> None:
    assert Retry(backoff="5m").backoff == Backoff("300000ms", longest="300000ms")
    assert [Retry(backoff="40s", jitter=0).delay(n, 0.5) for n in (1, 2)] == [40.0, 60.0]


class Busy(Exception): ...


class VeryBusy(Busy): ...


@pytest.mark.parametrize(
    ("on", "not_on", "problem", "repeated"),
    [
        ((), (), Busy(), True),
        ((), Busy, Busy(), False),
        ((), Busy, VeryBusy(), False),
        ((), "Busy", VeryBusy(), True),
        (Busy, (), VeryBusy(), True),
        (("Busy", TimeoutError), (), Busy(), True),
        (("Busy", TimeoutError), (), ValueError(), False),
        (Busy, VeryBusy, VeryBusy(), False),
        ((), (), Terminal(), False),
        (Terminal, (), Terminal(), False),
        (Busy, Retryable, Retryable(), True),
    ],
)
def test_which_failures_are_repeated(on: Any, not_on: Any, problem: Exception, repeated: bool) -> None:
    assert Retry(on=on, not_on=not_on).repeats(type(problem).__name__, problem) is repeated


def test_a_class_also_stands_for_the_kind_of_its_name_where_the_exception_is_gone() -> None:
    assert Retry(on=TimeoutError).repeats("TimeoutError")
    assert not Retry(on=TimeoutError).repeats("AnswerInvalid")


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        Retry(0, jitter=2, budget="soon", backoff="-", on=7)  # type: ignore[arg-type]
    assert [p.split(" ")[0] for p in caught.value.problems] == ["attempts=0", "jitter=2", "budget:", "backoff:", "on=7"]
    with pytest.raises(PolicyInvalid, match=r"factor=0\.5 is not"):
        Backoff("2m", factor=0.5)
    with pytest.raises(PolicyInvalid, match="longer than longest"):
        Backoff("2m")
