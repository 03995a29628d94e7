"""Calls that are made together end before the first failure is raised, and none is left behind."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

import pytest

from fsm.core.gathering import gathered

pytestmark = pytest.mark.anyio


async def told(what: str, log: list[str]) -> str:
    log.append(what)
    if what.startswith("no"):
        raise ValueError(what)
    return what


async def test_results_come_in_the_order_given() -> None:
    assert await gathered([told("a", []), told("b", [])]) == ["a", "b"]


async def test_all_end_before_the_first_failure_in_the_order_given_is_raised() -> None:
    async def backwards(calls: Any) -> None:
        for call in reversed(calls):
            await call()

    log: list[str] = []
    with pytest.raises(ValueError, match="no b"):
        await gathered([told("a", log), told("no b", log), told("no c", log)], backwards)
    assert log == ["no c", "no b", "a"]


@coroutine
def waiting() -> Generator[None, None, None]:
    yield


def state(call: Coroutine[Any, Any, Any]) -> str:
    return inspect.getcoroutinestate(call)


def test_calls_that_are_not_made_any_more_are_ended() -> None:
    async def first() -> None:
        await waiting()

    calls = [first(), told("never", [])]
    both = gathered(calls)
    both.send(None)
    assert [state(call) for call in calls] == [inspect.CORO_SUSPENDED, inspect.CORO_CREATED]
    both.close()
    assert [state(call) for call in calls] == [inspect.CORO_CLOSED] * 2
