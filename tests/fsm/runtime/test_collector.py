"""The collector has patience as long as there is an orchestrator, and is left as it was found."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from fsm import Orchestrator
from fsm.runtime.collector import YOUNG_MIN, patient_collector
from persistence import MemoryStore
from tests.fsm.runtime.desk import Counter

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def found() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield (700, 10, 10)
    gc.set_threshold(*before)


async def test_it_has_patience_while_an_orchestrator_runs(found: tuple[int, int, int]) -> None:
    async with Orchestrator(MemoryStore(), [Counter]):
        assert gc.get_threshold() == (YOUNG_MIN, 10, 10)
    assert gc.get_threshold() == found


@pytest.mark.parametrize("young", [0, 50_000])
async def test_what_somebody_has_told_it_stands(young: int) -> None:
    gc.set_threshold(young, 10, 10)
    with patient_collector():
        assert gc.get_threshold()[0] == young
    assert gc.get_threshold()[0] == young


async def test_what_it_is_told_meanwhile_stands() -> None:
    with patient_collector():
        gc.set_threshold(900, 10, 10)
    assert gc.get_threshold()[0] == 900


async def test_of_two_the_one_that_was_first_puts_it_back(found: tuple[int, int, int]) -> None:
    first, second = patient_collector(), patient_collector()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == found
