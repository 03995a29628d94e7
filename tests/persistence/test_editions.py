"""Changing the class of running work on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm import Orchestrator
from tests.fsm.runtime.desk import until_async
from tests.fsm.runtime.editions import Desk, First, Go, Second
from tests.persistence.conftest import AnyStore

pytestmark = pytest.mark.anyio


class Prompt:
    """Answers at once."""

    async def ask(self, what: str) -> str:
        """Answer."""
        return what


async def test_an_instance_goes_on_with_the_newer_class_in_every_store(place: Callable[[], AnyStore]) -> None:
    services: dict[Any, Any] = {Desk: Prompt()}
    async with Orchestrator(place(), [First], services) as old:
        order = await old.start(First, id="a")
        await order.send(Go())

        async def waits() -> bool:
            return (await order.snapshot()).configuration == {"Work.Wait"}

        await until_async(waits)
    async with Orchestrator(place(), [Second], services) as new:
        step = await new.get("a", Second).send(Go())
        assert (step.done, step.configuration) == (True, {"Sold"})
        turns = await new.get("a").history()
        assert [(t.event, t.cause) for t in turns[-2:-1]] == [("migrate", "migrate:1>2")]
        assert (await new.get("a", Second).snapshot()).context.euros == 2.5
