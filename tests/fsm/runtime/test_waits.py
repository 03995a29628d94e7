"""Waiting for a time of a clock that somebody may set."""

from __future__ import annotations

import anyio
import pytest

from fsm.runtime.waits import Waits
from tests.fsm.runtime.desk import Clock, settled

pytestmark = pytest.mark.anyio


async def test_a_time_that_has_come_is_not_waited_for() -> None:
    waits = Waits(Clock(100.0))
    with anyio.fail_after(30):
        await waits.until(100.0)


async def test_whoever_waits_is_woken_when_the_clock_is_set_past_the_time_and_not_before() -> None:
    clock, woken = Clock(100.0), list[float]()
    waits = Waits(clock)

    async def wait(due: float) -> None:
        await waits.until(due)
        woken.append(due)

    async with anyio.create_task_group() as group:
        for due in (200.0, 150.0):
            group.start_soon(wait, due)
        await settled()
        for now, expected in ((149.0, []), (150.0, [150.0]), (400.0, [150.0, 200.0])):
            clock.now = now
            waits.look()
            await settled()
            assert woken == expected


async def test_without_anybody_setting_it_the_time_passes() -> None:
    import time

    waits, began = Waits(time.time), time.monotonic()
    await waits.until(time.time() + 0.03)
    assert time.monotonic() - began >= 0.029
