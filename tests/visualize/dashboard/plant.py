"""A plant: a call that is tried twice, items that are worked at once, and something that can be undone."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Protocol

import anyio
from pydantic import Field

from fsm import Context, Event, State, StateMachine, edge, invoke, on
from fsm.saga import compensate
from fsm.service import Backoff, Retry, Retryable, call

CODE = "open-sesame"


class Grind(Event):
    """The mill is to work."""


class Stop(Event):
    """All of it was a mistake."""


class Load(Context):
    """What is worked."""

    code: str = Field(default=CODE, json_schema_extra={"writeOnly": True})
    said: str = ""


class Mill(Protocol):
    """What works."""

    @call(retry=Retry(2, backoff=Backoff("1ms")))
    async def grind(self, code: str) -> str: ...

    async def sort(self, n: int) -> int: ...


class SlowMill:
    """Does not open at the first time; the second item is bad, and the third takes for ever."""

    def __init__(self) -> None:
        self.tried = 0

    async def grind(self, code: str) -> str:
        """Work."""
        self.tried += 1
        if self.tried == 1:
            raise Retryable(f"{code} does not open it")
        return "ground"

    async def sort(self, n: int) -> int:
        """Work on one item."""
        if n == 2:
            raise ValueError("a stone")
        if n == 3:
            await anyio.sleep_forever()
        return n


class Plant(StateMachine[Load, Grind | Stop]):
    """Grinds, then sorts."""

    mill: Mill

    class Idle(State, initial=True): ...

    class Sorting(State): ...

    class Undoing(State): ...

    @on(Grind, Idle, to=Sorting)
    async def grind(self, ev: Grind) -> None:
        self.ctx.said = await self.mill.grind(self.ctx.code)

    @grind.undo
    async def pour_back(self, ev: Grind) -> None:
        await self.mill.sort(0)

    def items(self) -> list[int]:
        """What is sorted."""
        return [1, 2, 3]

    @invoke(Sorting, each=items, limit=3, failures="keep")
    async def sort(self, n: int) -> int:
        return await self.mill.sort(n)

    stopped = edge(Stop, Sorting, to=Undoing)
    undone = compensate(Undoing)
    over = undone.done(to=Idle)


services: MappingProxyType[Any, Any] = MappingProxyType({Mill: SlowMill()})
