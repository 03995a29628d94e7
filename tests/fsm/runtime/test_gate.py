"""A gate lets calls through as its policy says; whoever waits before it has not begun."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import TaskGroup

from fsm.runtime.gate import Gate
from fsm.runtime.waits import Waits
from fsm.service import Breaker, call
from fsm.service.policy import Policy
from tests.fsm.runtime.desk import Clock, settled

pytestmark = pytest.mark.anyio


class Visitors:
    """Calls that pass a gate, and stay inside until they are let out."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.clock = Clock(0.0)
        self.waits = Waits(self.clock)
        self.gate = Gate(self.waits, policy)
        self.inside: list[int] = []
        self.out: dict[int, anyio.Event] = {}
        self.scopes: dict[int, anyio.CancelScope] = {}
        self.group: TaskGroup

    @asynccontextmanager
    async def coming(self, *names: int) -> AsyncIterator[None]:
        """These come, one after the other."""
        async with anyio.create_task_group() as self.group:
            await self.come(*names)
            yield
            self.group.cancel_scope.cancel()

    async def come(self, *names: int) -> None:
        for name in names:
            self.out[name], self.scopes[name] = anyio.Event(), anyio.CancelScope()
            self.group.start_soon(self._visit, name)
            await settled()

    async def _visit(self, name: int) -> None:
        with self.scopes[name]:
            async with self.gate.passed():
                self.inside.append(name)
                await self.out[name].wait()

    async def leave(self, name: int, *, healthy: bool = True) -> None:
        self.gate.told(healthy)
        self.out[name].set()
        await settled()

    async def at(self, now: float) -> None:
        self.clock.now = now
        self.waits.look()
        await settled()


async def test_without_a_policy_everybody_passes() -> None:
    visitors = Visitors()
    async with visitors.coming(1, 2, 3):
        assert visitors.inside == [1, 2, 3]


async def test_no_more_are_inside_than_may_be_at_once() -> None:
    visitors = Visitors(call(concurrency=2))
    async with visitors.coming(1, 2, 3, 4):
        assert visitors.inside == [1, 2]
        await visitors.leave(1)
        assert visitors.inside == [1, 2, 3]
        visitors.scopes[2].cancel()
        await settled()
        assert visitors.inside == [1, 2, 3, 4]


async def test_no_more_begin_in_a_stretch_of_time_than_may() -> None:
    visitors = Visitors(call(rate="2/10s"))
    async with visitors.coming(1, 2, 3, 4, 5):
        assert visitors.inside == [1, 2]
        await visitors.at(9.0)
        assert visitors.inside == [1, 2]
        await visitors.at(10.0)
        assert sorted(visitors.inside) == [1, 2, 3, 4]


async def test_nobody_passes_while_the_service_is_paused() -> None:
    visitors = Visitors(call(concurrency=1))
    assert visitors.gate.free
    visitors.gate.pause(True)
    assert not visitors.gate.free
    async with visitors.coming(1, 2):
        assert visitors.inside == []
        visitors.gate.pause(False)
        await settled()
        (first,) = visitors.inside
        visitors.gate.pause(True)
        await visitors.leave(first)
        assert visitors.inside == [first], "who waited for a place sees that it is paused"
        visitors.gate.pause(False)
        await settled()
        assert sorted(visitors.inside) == [1, 2]


async def test_an_open_circuit_lets_nobody_pass_and_then_one_who_decides_for_all() -> None:
    visitors = Visitors(call(breaker=Breaker(failures=1, pause="30s")))
    async with visitors.coming(1):
        await visitors.leave(1, healthy=False)
        assert visitors.gate.tripped
        await visitors.come(2, 3)
        assert visitors.inside == [1]
        await visitors.at(30.0)
        assert len(visitors.inside) == 2
        await visitors.leave(visitors.inside[-1])
        assert sorted(visitors.inside) == [1, 2, 3]
        assert not visitors.gate.tripped


async def test_a_trial_that_is_taken_back_leaves_its_place_to_the_next() -> None:
    visitors = Visitors(call(breaker=Breaker(failures=1, pause="30s")))
    async with visitors.coming(1):
        await visitors.leave(1, healthy=False)
        await visitors.at(30.0)
        await visitors.come(2, 3)
        assert visitors.inside == [1, 2]
        visitors.scopes[2].cancel()
        await settled()
        assert visitors.inside == [1, 2, 3]
