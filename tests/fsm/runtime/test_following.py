"""Who follows an invoke sees how far it has come, from its own process and from others, until it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest

from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, edge, invoke
from fsm.errors import InstanceUnknown, InvokeUnknown
from fsm.runtime import progress
from fsm.runtime.instance import Instance
from fsm.talking import Progress
from tests.fsm.runtime.desk import Clerk, Desk, Place, settled, until, until_async

pytestmark = pytest.mark.anyio


class Stop(Event): ...


class Again(Event): ...


class Book(Context):
    pages: int = 0


class Reader(StateMachine[Book, Stop | Again]):
    desk: Desk

    class Reading(State, initial=True): ...

    class Stopped(State): ...

    class Read(Final): ...

    @invoke(Reading)
    async def read(self) -> int:
        self.progress(0, "opened")
        await self.desk.ask("first")
        self.progress(0.25)
        self.progress(0.5, "halfway")
        await self.desk.ask("second")
        self.progress(1.0, "done")
        return 10

    @read.done(to=Read)
    def keep(self, ev: Done[int]) -> None:
        self.ctx.pages = ev.data

    stop = edge(Stop, Reading, to=Stopped)
    again = edge(Again, Stopped, to=Reading)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is written as often as it is told."""
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.001)


async def gathered(told: AsyncIterator[Progress], into: list[tuple[float, str]]) -> None:
    async for one in told:
        into.append((one.value, one.text))


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_the_newest_is_seen_until_the_invoke_ends(place: Place, clerk: Clerk, elsewhere: bool) -> None:
    first, second, seen = clerk.hold("first"), clerk.hold("second"), list[tuple[float, str]]()
    async with (
        Orchestrator(place.store(), [Reader], {Desk: clerk}) as one,
        Orchestrator(place.store(), [Reader], {Desk: clerk}) as two,
    ):
        reader: Instance[Book, Stop | Again, None] = await one.start(Reader, id="a")
        await first.arrived.wait()
        async with anyio.create_task_group() as group:
            group.start_soon(gathered, (two if elsewhere else one).get("a", Reader).progress("read"), seen)
            await until(lambda: seen == [(0, "opened")])
            first.go.set()
            await until(lambda: seen[1:] == [(0.5, "halfway")])
            second.go.set()
        assert seen[2:] in ([(1.0, "done")], [])  # the last word may be too late for anybody
        await reader.result(timeout=30)
        late: list[tuple[float, str]] = []
        await gathered(reader.progress("read"), late)
        assert late == []


async def test_leaving_the_state_ends_it_and_another_stay_is_another_story(place: Place, clerk: Clerk) -> None:
    first, seen = clerk.hold("first"), list[tuple[float, str]]()
    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, id="a")
        await first.arrived.wait()
        async with anyio.create_task_group() as group:
            group.start_soon(gathered, reader.progress("read"), seen)
            await until(lambda: len(seen) == 1)
            await settled()
            await reader.send(Stop())
            await reader.send(Again())
        assert seen == [(0, "opened")]


async def test_what_was_told_is_beside_the_effect_and_told_again_after_a_restart(place: Place, clerk: Clerk) -> None:
    first = clerk.hold("first")

    async def written() -> bool:
        return (await place.loaded("a")).effects[0].progress is not None

    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        await orchestrator.start(Reader, id="a")
        await first.arrived.wait()
        await until_async(written)
    seen: list[tuple[float, str]] = []
    async with Orchestrator(place.store(), [Reader], {Desk: clerk}) as orchestrator:
        async with anyio.create_task_group() as group:
            group.start_soon(gathered, orchestrator.get("a", Reader).progress("read"), seen)
            await until(lambda: bool(seen))
            assert seen[0] == (0, "opened")
            first.go.set()
        await orchestrator.get("a", Reader).result(timeout=30)


async def test_an_invoke_that_the_machine_does_not_have_is_refused(memory: Place, clerk: Clerk) -> None:
    clerk.hold("first")
    async with Orchestrator(memory.store(), [Reader], {Desk: clerk}) as orchestrator:
        reader = await orchestrator.start(Reader, id="a")
        with pytest.raises(InvokeUnknown, match="Reader has no invoke 'write' that could tell; it has read"):
            await anext(reader.progress("write"))
        with pytest.raises(InstanceUnknown):
            await anext(orchestrator.get("b", Reader).progress("read"))
