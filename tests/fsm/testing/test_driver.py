"""A driver runs coroutines that do not wait, and lets everything else out."""

from __future__ import annotations

from collections.abc import Generator
from types import coroutine
from typing import Any

import pytest

from fsm.testing.driver import started


async def listed(*values: int) -> list[int]:
    return list(values)


@coroutine
def waiting(token: object) -> Generator[Any, Any, list[int]]:
    yield token
    return []


def test_results_come_back_one_after_the_other() -> None:
    driver = started()
    assert [driver.send(listed(1)), driver.send(listed(2, 3))] == [[1], [2, 3]]


def test_an_exception_comes_out_as_it_was_raised() -> None:
    async def broken() -> list[int]:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        started().send(broken())


def test_whoever_really_waits_is_not_taken_for_a_result() -> None:
    token = object()
    driver = started()
    assert driver.send(waiting(token)) is token
    driver.close()
