"""Tools of a real MCP server, in a process of its own and over HTTP: called, compared, killed, found again."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import anyio
import pytest
import uvicorn
from mcp import Client
from pydantic import BaseModel

from fsm import Context, Done, Failed, Final, Orchestrator, State, StateMachine, invoke
from fsm.adapters.mcp import mcp_service
from fsm.errors import DefinitionError, ServiceInvalid
from fsm.service import CurrentCall, Retry, Retryable, Terminal, call
from fsm.service.current import serving
from persistence import MemoryStore
from tests.fsm.adapters.tools import Place, server

pytestmark = pytest.mark.anyio
PROGRAM = [sys.executable, "-m", "tests.fsm.adapters.tools"]


class Tools(Protocol):
    async def add(self, a: int, b: int = 2) -> int: ...
    async def find(self, name: str, tags: list[str] | None = None) -> Place: ...
    async def say(self, text: str) -> str: ...


class Numbers(Protocol):
    async def say(self, text: str) -> int: ...


class Boxed(BaseModel):
    result: int


class Boxes(Protocol):
    async def box(self, n: int) -> Boxed: ...


class Dangerous(Protocol):
    @call(retry=Retry(20, backoff="10ms"))
    async def add(self, a: int) -> int: ...
    async def die(self, code: int) -> None: ...
    async def fail(self, why: str) -> str: ...
    async def key(self) -> str: ...
    async def sleep(self, file: str) -> str: ...


def inside(contract: type = Tools, tools: dict[str, str] | None = None) -> Any:
    """The server in this process: for what does not depend on the way to it."""
    return mcp_service(contract, lambda: Client(server(), cache=None), tools)


def outside(contract: type, tools: dict[str, str] | None = None) -> Any:
    return mcp_service(contract, PROGRAM, tools)


@contextmanager
def over_http(port: int = 0) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", port))
    made = uvicorn.Config(
        lambda: server().streamable_http_app(), factory=True, log_level="error", timeout_graceful_shutdown=1
    )
    web = uvicorn.Server(made)
    thread = threading.Thread(target=web.run, args=([listening],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    finally:
        web.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's process finds the tests where this one does: in its working folder."""
    monkeypatch.chdir(Path(__file__).parents[3])


async def test_methods_are_tools_and_answers_are_of_the_annotated_type() -> None:
    async with outside(Tools, {"find": "search_places"}) as tools:
        assert await tools.add(1) == 3
        assert await tools.find("hill") == Place(name="hill0", height=1.5)
        assert await tools.find("hill", tags=["a", "b"]) == Place(name="hill2", height=1.5)
        assert await tools.say("{}") == "{}"


async def test_an_object_whose_only_field_is_called_result_is_that_object() -> None:
    async with inside(Boxes) as tools:
        assert await tools.box(4) == Boxed(result=4)


async def test_servers_are_reached_over_http_too() -> None:
    with over_http() as url:
        async with mcp_service(Tools, url, {"find": "search_places"}) as tools:
            assert await tools.add(1, b=5) == 6


async def test_the_idempotency_key_travels_with_the_request() -> None:
    async with inside(Dangerous) as tools:
        with serving(CurrentCall("A-1/start", 1, "A-1", "tools", "key")):
            assert await tools.key() == "A-1/start"


async def test_an_error_of_a_tool_is_retryable() -> None:
    async with inside(Dangerous) as tools:
        with pytest.raises(Retryable, match=r"Dangerous\.fail: fail failed: .*no coffee"):
            await tools.fail("no coffee")


async def test_an_answer_that_does_not_fit_is_terminal() -> None:
    async with inside(Numbers) as tools:
        assert await tools.say("5") == 5
        with pytest.raises(Terminal, match=r"Numbers\.say: say answered what does not fit the contract's int"):
            await tools.say("five")


async def test_tools_that_do_not_fit_the_contract_are_told_all_at_once() -> None:
    class Wrong(Protocol):
        async def add(self, a: str) -> int: ...
        async def say(self) -> str: ...
        async def fly(self) -> None: ...

    with pytest.raises(ServiceInvalid) as caught:
        async with inside(Wrong):
            pytest.fail("it was opened")
    assert str(caught.value).startswith("Wrong does not fit the tools of its server: ")
    assert "add: a is string, the tool takes integer" in str(caught.value)
    assert "say: the tool needs 'text', which is no parameter" in str(caught.value)
    assert "fly: the server has no tool 'fly'; it has add, box, die" in str(caught.value)


async def test_a_server_that_cannot_be_begun_keeps_nothing_open() -> None:
    service = mcp_service(Tools, ["no-such-program"], {"find": "search_places"})
    with pytest.raises(OSError, match="no-such-program"):
        async with service:
            pytest.fail("it was opened")
    with pytest.raises(ServiceInvalid, match="is not open"):
        await service.add(1)


async def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.adapters.mcp.CALL_SECONDS_MAX", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        service = mcp_service(Dangerous, f"http://127.0.0.1:{deaf.getsockname()[1]}/mcp")
        with pytest.raises(TimeoutError, match=r"Dangerous: its server did not answer within 0\.1 s"):
            async with service:
                pytest.fail("it was opened")


async def test_one_service_is_for_one_orchestrator() -> None:
    async with inside(Dangerous) as tools:
        with pytest.raises(ServiceInvalid, match="is open already; make one for each orchestrator"):
            await tools.__aenter__()
        assert await tools.add(1) == 2


async def test_a_server_that_dies_fails_its_calls_and_is_begun_again_for_the_next_ones() -> None:
    async with outside(Dangerous) as tools:
        with pytest.raises(Retryable):
            await tools.die(3)
        sums: list[int] = []

        async def add(a: int) -> None:
            sums.append(await tools.add(a))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                for a in range(3):
                    group.start_soon(add, a)
        assert sorted(sums) == [1, 2, 3]


async def test_a_web_server_that_is_away_is_retryable_and_found_when_it_is_back() -> None:
    with over_http() as url:
        service = mcp_service(Dangerous, url)
        await service.__aenter__()
    try:
        with pytest.raises(Retryable, match="Connection closed"):
            await service.add(1)
        with pytest.raises(Retryable, match=r"Dangerous\.add: its server is away"):
            await service.add(1)
        with over_http(int(url.split(":")[2].split("/")[0])), anyio.fail_after(20):
            assert await service.add(1) == 2
    finally:
        await service.__aexit__()


async def test_a_call_can_be_given_up(tmp_path: Path) -> None:
    async with outside(Dangerous) as tools:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(tools.sleep, str(tmp_path / "begun"))
                while not (tmp_path / "begun").exists():
                    await anyio.sleep(0.01)
                group.cancel_scope.cancel()
            assert await tools.add(1) == 2


def test_a_tool_for_no_method_is_refused() -> None:
    with pytest.raises(DefinitionError, match="fnd: the contract has no such method"):
        mcp_service(Tools, "http://x", {"fnd": "search_places"})


class Sum(Context):
    said: str = ""


class Adding(StateMachine[Sum]):
    tools: Dangerous

    class Breaking(State, initial=True): ...

    class Counting(State): ...

    class Counted(Final): ...

    @invoke(Breaking)
    async def destroy(self) -> None:
        await self.tools.die(1)

    unbroken, broken = destroy.done(to=Counting), destroy.failed(to=Counting)

    @invoke(Counting)
    async def count(self) -> int:
        return await self.tools.add(41)

    @count.done(to=Counted)
    def counted(self, ev: Done[int]) -> None:
        self.ctx.said = str(ev.data)

    @count.failed(to=Counted)
    def uncounted(self, ev: Failed) -> None:
        self.ctx.said = ev.error.message


async def test_a_machine_outlives_the_server_of_its_tools() -> None:
    async with Orchestrator(MemoryStore(), [Adding], {Dangerous: outside(Dangerous)}) as orchestrator:
        found = await orchestrator.start(Adding)
        await found.result(timeout=20)
        assert (await found.snapshot()).context.said == "42"
