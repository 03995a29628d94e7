"""A machine of `transitions` in an orchestrator: its callbacks really wait, its timeouts and data survive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from transitions.extensions import HierarchicalAsyncMachine

from fsm import Context, Orchestrator, Signal, StateMachine
from fsm.errors import InstanceParked, Refused
from persistence import open_store

pytestmark = pytest.mark.anyio


class Sum(Context):
    total: int = 0


class Till:
    total: int
    limit = 10
    broken = False

    async def affordable(self, amount: int) -> bool:
        await anyio.lowlevel.checkpoint()
        return amount <= self.limit

    async def add(self, amount: int) -> None:
        await anyio.lowlevel.checkpoint()
        self.total += amount
        if type(self).broken:
            raise ValueError("no paper")


def till() -> Any:
    """A machine class, made anew as another process would."""
    machine = HierarchicalAsyncMachine(
        Till(),
        states=["open", {"name": "paid", "children": ["counted", "stored"], "initial": "counted"}],
        initial="open",
        transitions=[
            {"trigger": "pay", "source": "open", "dest": "paid", "conditions": "affordable", "after": "add"},
            ["store", "paid_counted", "paid_stored"],
        ],
    )
    return StateMachine.from_transitions(machine, context=Sum)


def pay(amount: int) -> Signal:
    """The event with its payload."""
    return Signal(name="pay", data={"amount": amount})


async def test_callbacks_that_wait_run_in_the_orchestrator_and_data_is_there_in_the_next_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/till.db"
    first, second = till(), till()
    async with Orchestrator(open_store(url), [first]) as orchestrator:
        one = await orchestrator.start(first, id="1")
        with pytest.raises(Refused):
            await one.send(pay(11), key="a")
        assert (await one.send(pay(5), key="b")).configuration == {"paid_counted"}
    async with Orchestrator(open_store(url), [second]) as orchestrator:
        one = orchestrator.get("1", second)
        assert (await one.send(pay(5), key="b")).configuration == {"paid_counted"}
        assert (await one.send(Signal(name="store"))).configuration == {"paid_stored"}
        assert (await one.snapshot()).context.total == 5


async def test_a_failing_callback_parks_the_instance_and_a_retry_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = till()
    async with Orchestrator(open_store("memory://"), [machine]) as orchestrator:
        one = await orchestrator.start(machine, id="1")
        monkeypatch.setattr(Till, "broken", True)
        with pytest.raises(InstanceParked, match="no paper"):
            await one.send(pay(3))
        snapshot = await one.snapshot()
        assert (snapshot.configuration, snapshot.context.total) == ({"open"}, 0)
        monkeypatch.setattr(Till, "broken", False)
        await one.retry()
        while (await one.snapshot()).seq < 2:
            await anyio.sleep(0.01)
        assert (await one.snapshot()).context.total == 3


async def test_instances_do_not_share_what_is_in_the_context() -> None:
    machine = till()
    async with Orchestrator(open_store("memory://"), [machine]) as orchestrator:
        many = [await orchestrator.start(machine, id=str(number)) for number in range(10)]
        async with anyio.create_task_group() as group:
            for number, one in enumerate(many):
                group.start_soon(one.send, pay(number))
        assert [(await one.snapshot()).context.total for one in many] == list(range(10))
