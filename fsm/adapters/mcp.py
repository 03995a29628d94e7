"""MCP: the tools of a Model Context Protocol server as a service; needs the extra `agents`.

    begin ──connect, compare tools with the contract──▶ open ──connection lost──▶ broken ──next call──▶ connect …

The connection lives in a task of its own: a server that dies fails the calls that wait for it, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup, TaskStatus
from pydantic_core import to_jsonable_python

from fsm.adapters.declaration import Declared, declared, key
from fsm.adapters.tool import misfits
from fsm.errors import MissingExtra, ServiceInvalid
from fsm.limits import PROBLEM_BYTES_MAX, TOOL_PAGES_MAX
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
    `_meta`, as `idempotencyKey`. Raises DefinitionError.
    """
    names = dict.fromkeys(Contract.alone(contract).methods, "") | dict(tools or {})
    found = declared(contract, names, lambda method, name: ((method, name or method.name), ()))
    return McpService(contract.__name__, server, found)


class McpService(Declared):
    """Calls the tools of one server; made by `mcp_service`, open inside `async with`, for one orchestrator."""

    def __init__(self, name: str, server: Server, tools: Mapping[str, tuple[Method, str]]) -> None:
        self._name, self._server, self._tools = name, server, tools
        self._group: TaskGroup | None = None
        self._client: Client | None = None
        self._lost = self._wanted = anyio.Event()
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

    async def _serve(self, *, task_status: TaskStatus[None]) -> None:
        begun = False
        while True:
            self._lost, self._wanted, wrong = anyio.Event(), anyio.Event(), ""
            try:
                async with self._connection() as client:
                    wrong = await self._misfits(client)
                    if not wrong:
                        self._client = client
                        if not begun:
                            begun = True
                            task_status.started()
                        await self._lost.wait()
            except Exception as problem:
                if not begun:
                    raise _single(problem) from None
                logger.warning("%s: its server is away: %s", self._name, problem)
            finally:
                self._client = None
            if wrong and not begun:
                raise ServiceInvalid(wrong)
            if wrong:
                logger.error("%s", wrong)
            await self._wanted.wait()

    def _connection(self) -> Client:
        if callable(self._server):
            return self._server()
        if isinstance(self._server, str):
            return Client(self._server, cache=None)
        program, *arguments = self._server
        return Client(StdioServerParameters(command=program, args=arguments), cache=None)

    async def _misfits(self, client: Client) -> str:
        """In what the tools of a server are not those of the contract; empty when they are."""
        there: dict[str, Tool] = {}
        cursor: str | None = None
        for _ in range(TOOL_PAGES_MAX):
            page = await client.list_tools(cursor=cursor)
            there.update((tool.name, tool) for tool in page.tools)
            cursor = page.next_cursor
            if cursor is None:
                break
        problems = [
            f"{method.name}: {problem}"
            for method, name in self._tools.values()
            for problem in (
                misfits(method, there[name].input_schema)
                if name in there
                else [f"the server has no tool {name!r}; it has {', '.join(sorted(there)) or 'none'}"]
            )
        ]
        return f"{self._name} does not fit the tools of its server: {'; '.join(problems)}" if problems else ""

    async def _call(self, declaration: tuple[Method, str], *args: Any, **keywords: Any) -> Any:
        method, tool = declaration
        client, lost, named = self._client, self._lost, key()
        if self._group is None:
            raise ServiceInvalid(f"{method.full}: its service is not open; use it inside `async with`")
        if client is None:
            self._wanted.set()
            raise Retryable(f"{method.full}: its server is away, and looked for")
        meta: Any = None if named is None else {"idempotencyKey": named}
        try:
            result = await client.call_tool(tool, self._arguments(method, args, keywords), meta=meta)
        except MCPError as problem:
            if problem.code == CONNECTION_CLOSED:
                lost.set()
            failure = Retryable if problem.code in _PASSING else Terminal
            raise failure(f"{method.full}: {tool} was not called: {problem.message}", data=problem.data) from problem
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError) as problem:
            lost.set()
            raise Retryable(f"{method.full}: the connection is lost: {problem!r}") from problem
        return self._answer(method, tool, result)

    def _arguments(self, method: Method, args: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
        parameters = method.signature.parameters
        return {
            name: to_jsonable_python(value)
            for name, value in method.bound(args, keywords).items()
            if value is not None or parameters[name].default is not None
        }

    def _answer(self, method: Method, tool: str, result: CallToolResult) -> Any:
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        if result.is_error:
            raise Retryable(f"{method.full}: {tool} failed: {text[:PROBLEM_BYTES_MAX]}")
        if method.returns in (None, type(None)):
            return None
        structured = result.structured_content
        try:
            if structured is None:
                return text if method.returns is str else method.decode(text)
            if isinstance(structured, dict) and set(structured) == {"result"}:  # how values that are no objects travel
                return method.fit(structured["result"])
            return method.fit(structured)
        except ValueError as problem:
            raise Terminal(f"{method.full}: {tool} answered what {problem}", data={"text": text[:1000]}) from problem


def _single(problem: Exception) -> Exception:
    """The one error in groups around it."""
    while isinstance(problem, ExceptionGroup) and len(problem.exceptions) == 1:
        problem = problem.exceptions[0]
    return problem
