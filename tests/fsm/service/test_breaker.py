"""A circuit opens after failures in a row, and closes when one trial succeeds."""

from __future__ import annotations

import math

import pytest

from fsm.errors import PolicyInvalid
from fsm.service import Breaker
from fsm.service.breaker import Circuit


def opened() -> Circuit:
    circuit = Circuit(Breaker(failures=2, pause="10s"))
    for _ in range(2):
        circuit.enter()
        circuit.failed(now=0.0)
    return circuit


def test_only_failures_in_a_row_count() -> None:
    circuit = Circuit(Breaker(failures=2))
    for _ in range(5):
        circuit.failed(now=0.0)
        circuit.succeeded()
    assert circuit.opens(now=0.0) is None


def test_an_open_circuit_lets_one_trial_through_when_its_pause_is_over() -> None:
    circuit = opened()
    assert circuit.opens(now=9.0) == 10.0
    assert circuit.opens(now=10.0) is None
    assert circuit.enter()
    assert circuit.opens(now=10.0) == math.inf


def test_the_trial_decides() -> None:
    good, bad, gone = opened(), opened(), opened()
    for circuit in (good, bad, gone):
        circuit.enter()
    good.succeeded()
    bad.failed(now=10.0)
    gone.withdrawn()
    assert [circuit.opens(now=10.0) for circuit in (good, bad, gone)] == [None, 20.0, None]


def test_calls_that_had_begun_before_do_not_keep_an_open_circuit_open_for_longer() -> None:
    circuit = opened()
    circuit.failed(now=5.0)
    assert circuit.opens(now=5.0) == 10.0


def test_a_breaker_tells_all_its_mistakes() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        Breaker(failures=0, pause="a while")
    assert len(caught.value.problems) == 2
