"""An MCP server with some tools; run as a program it talks over its pipes."""

from __future__ import annotations

import os
from typing import Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel


class Place(BaseModel):
    """Somewhere."""

    name: str
    height: float


def server() -> MCPServer[Any]:
    """The server, with all its tools."""
    made: MCPServer[Any] = MCPServer("tools")

    @made.tool()
    def add(a: int, b: int = 1) -> int:
        return a + b

    @made.tool(name="search_places")
    async def find(name: str, tags: list[str] | None = None) -> Place:
        return Place(name=f"{name}{len(tags or [])}", height=1.5)

    @made.tool(structured_output=False)
    def say(text: str) -> str:
        return text

    @made.tool()
    def box(n: int) -> dict[str, int]:
        return {"result": n}

    @made.tool()
    def fail(why: str) -> str:
        raise ToolError(why)

    @made.tool()
    def key(context: Context[Any]) -> str:
        return str(dict(context.request_context.meta or {}).get("idempotencyKey"))

    @made.tool()
    async def die(code: int) -> str:
        os._exit(code)

    @made.tool()
    async def sleep(file: str) -> str:
        await anyio.Path(file).touch()
        await anyio.sleep(60)
        return ""

    return made


if __name__ == "__main__":
    server().run()
