"""MCP: the tools of a Model Context Protocol server as a service; needs the extra `agents`.

    begin ──connect, compare tools with the contract──▶ open ──lost──▶ away ──next call, which waits──▶ connect …

The connection lives in a task of its own: a server that dies fails the calls that wait for it, and nothing else.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup, TaskStatus

from fsm.adapters.declaration import Declared, declared, key
from fsm.adapters.tool import answered, arguments, misfits
from fsm.errors import MissingExtra, ServiceInvalid
from fsm.limits import CALL_SECONDS_MAX, PROBLEM_BYTES_MAX, TOOL_PAGES_MAX
from fsm.service import Retryable, Terminal
from fsm.service.contract import Contract, Method

try:
    from mcp import Client, MCPError, StdioServerParameters
    from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, REQUEST_TIMEOUT, CallToolResult, TextContent, Tool
except ImportError as problem:
    raise MissingExtra("agents", f"Tools are called with mcp ({problem}).") from problem

logger = logging.getLogger("fsm.adapters")

Server = str | Sequence[str] | Callable[[], Client]
"""An address, the program that is the server and talks over its pipes, or what makes a client."""

_PASSING = frozenset({CONNECTION_CLOSED, INTERNAL_ERROR, REQUEST_TIMEOUT})


def mcp_service(contract: type, server: Server, tools: Mapping[str, str] | None = None) -> McpService:
    """Make an implementation of a contract whose methods are tools of an MCP server.

        mcp_service(Maps, ["uvx", "maps-server"], {"find": "search_places"})

    A method is the tool of its own name unless `tools` has another. When the service is opened, which an orchestrator
    does before anything runs, parameters are compared with the schemas of the tools: ServiceInvalid tells all that does
    not fit. The answer is the structured result, or else the text, decoded by the return annotation. A lost connection
    and a tool that reports an error are `Retryable`; a refused request, and an answer that does not fit, `Terminal`.
    Arguments that are None, as their parameter says by itself, are left out. The idempotency key is in the request's
    `_meta`, as `idempotencyKey`. Raises DefinitionError; opening it raises ServiceInvalid, and OSError when there is
    no server, TimeoutError when it does not answer.
    """
    names = dict.fromkeys(Contract.alone(contract).methods, "") | dict(tools or {})
    found = declared(contract, names, lambda method, name: (_Tool(method, name or method.name), ()))
    return McpService(contract.__name__, server, found)


@dataclass(frozen=True, slots=True)
class _Tool:
    method: Method
    name: str


class McpService(Declared):
    """Calls the tools of one server; made by `mcp_service`, open inside `async with`, for one orchestrator."""

    def __init__(self, name: str, server: Server, tools: Mapping[str, _Tool]) -> None:
        self._name, self._server, self._tools = name, server, tools
        self._group: TaskGroup | None = None
        self._client: Client | None = None
        self._lost = self._wanted = self._looked = anyio.Event()
        super().__init__(self._call, tools)

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise ServiceInvalid(f"{self._name}: its service is open already; make one for each orchestrator")
        group = anyio.create_task_group()
        await group.__aenter__()
        self._group = group
        try:
            await group.start(self._serve)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._group is not None:
            group, self._group = self._group, None
            group.cancel_scope.cancel()
            await group.__aexit__(None, None, None)
            self._looked.set()

    async def _serve(self, *, task_status: TaskStatus[None]) -> None:
        begun = False
        while True:
            self._lost, self._wanted, opened = anyio.Event(), anyio.Event(), False
            try:
                with anyio.move_on_after(CALL_SECONDS_MAX) as opening:
                    async with self._connection() as client:
                        await self._compare(client)
                        opening.deadline = math.inf
                        self._client, opened = client, True
                        self._looked.set()
                        if not begun:
                            begun = True
                            task_status.started()
                        await self._lost.wait()
                if opening.cancelled_caught:
                    raise TimeoutError(f"{self._name}: its server did not answer within {CALL_SECONDS_MAX:g} s")
            except Exception as problem:
                why = _innermost(problem)
                if not begun:
                    raise why from why.__cause__
                logger.warning("%s: its server is away: %r", self._name, why)
            finally:
                self._client = None
                if not opened:
                    self._looked.set()
            await self._wanted.wait()

    async def _found(self, method: Method) -> Client:
        """The connection, once it has been looked for. Raises Retryable."""
        if self._looked.is_set():
            self._wanted.set()
            self._looked = anyio.Event()
        await self._looked.wait()
        if self._client is None:
            raise Retryable(f"{method.full}: its server is away")
        return self._client

    def _lose(self, client: Client) -> None:
        if self._client is client:
            self._client = None
            self._lost.set()

    def _connection(self) -> Client:
        if callable(self._server):
            return self._server()
        if isinstance(self._server, str):
            return Client(self._server, cache=None)
        program, *arguments = self._server
        return Client(StdioServerParameters(command=program, args=arguments), cache=None)

    async def _compare(self, client: Client) -> None:
        """Refuse a server whose tools are not those of the contract. Raises ServiceInvalid."""
        there: dict[str, Tool] = {}
        cursor: str | None = None
        for _ in range(TOOL_PAGES_MAX):
            page = await client.list_tools(cursor=cursor)
            there.update((each.name, each) for each in page.tools)
            cursor = page.next_cursor
            if cursor is None:
                break
        problems = [
            f"{tool.method.name}: {problem}"
            for tool in self._tools.values()
            for problem in (
                misfits(tool.method, there[tool.name].input_schema)
                if tool.name in there
                else [f"the server has no tool {tool.name!r}; it has {', '.join(sorted(there)) or 'none'}"]
            )
        ]
        if problems:
            raise ServiceInvalid(f"{self._name} does not fit the tools of its server: {'; '.join(problems)}")

    async def _call(self, tool: _Tool, *args: Any, **keywords: Any) -> Any:
        method = tool.method
        if self._group is None:
            raise ServiceInvalid(f"{method.full}: its service is not open; use it inside `async with`")
        client = self._client or await self._found(method)
        named = key()
        meta: Any = None if named is None else {"idempotencyKey": named}
        try:
            result = await client.call_tool(tool.name, arguments(method, method.bound(args, keywords)), meta=meta)
        except MCPError as problem:
            if problem.code == CONNECTION_CLOSED:
                self._lose(client)
            failure = Retryable if problem.code in _PASSING else Terminal
            raise failure(
                f"{method.full}: {tool.name} was not called: {problem.message}", data=problem.data
            ) from problem
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError) as problem:
            self._lose(client)
            raise Retryable(f"{method.full}: the connection is lost: {problem!r}") from problem
        return self._answer(method, tool.name, result)

    def _answer(self, method: Method, tool: str, result: CallToolResult) -> Any:
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        if result.is_error:
            raise Retryable(f"{method.full}: {tool} failed: {text[:PROBLEM_BYTES_MAX]}")
        return answered(method, tool, result.structured_content, text)


def _innermost(problem: Exception) -> Exception:
    """What a client failed with; its task groups wrap it."""
    while isinstance(problem, ExceptionGroup) and len(problem.exceptions) == 1:
        problem = problem.exceptions[0]
    return problem
