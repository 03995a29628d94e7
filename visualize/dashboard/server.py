"""The server: the page, its API and its door as one ASGI application, and the process that serves it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import anyio
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from fsm.errors import FsmError
from visualize.dashboard import schedules, tasks
from visualize.dashboard.access import Access
from visualize.dashboard.api import Problem
from visualize.dashboard.door import Door
from visualize.dashboard.feed import Feed
from visualize.dashboard.inlay import sheet
from visualize.dashboard.looking import Looking
from visualize.dashboard.problem import MEDIA_TYPE, explained
from visualize.dashboard.routes import REFUSALS, router

PAGES: Final = Path(__file__).parent / "pages"
REFERENCE: Final = "#/components/schemas/{model}"


def application(looking: Looking, access: Access) -> FastAPI:
    """The page over an open store, for any ASGI server that runs asyncio; `state.feed.close()` ends its feeds."""
    app = FastAPI(
        title="Dynamic Orchestrator",
        version=version("dynamic-orchestrator"),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Door, access=access)],
    )
    app.state.looking, app.state.feed, app.state.access = looking, Feed(looking), access
    for kind in (HTTPException, RequestValidationError, FsmError, Exception):
        app.add_exception_handler(kind, explained)
    for routes in (router, tasks.router, schedules.router):
        app.include_router(routes)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    app.add_api_route("/", page, include_in_schema=False)
    app.add_api_route("/colours.css", colours, include_in_schema=False)
    app.mount("/pages", StaticFiles(directory=PAGES))
    return app


async def page(request: Request) -> Response:
    """The page; everything that it shows it asks of the API."""
    return FileResponse(PAGES / "index.html", headers={"cache-control": "no-cache"})


async def colours(request: Request) -> Response:
    """The colours of the themes, as a style sheet."""
    return Response(sheet(), media_type="text/css", headers={"cache-control": "no-cache"})


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description: what FastAPI knows, with the problems that any request may meet."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        parts = made["components"]["schemas"]
        parts["Problem"] = Problem.model_json_schema(ref_template=REFERENCE)
        for unused in ("HTTPValidationError", "ValidationError"):
            parts.pop(unused, None)
        content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
        refusals = {str(s): {"description": text, "content": content} for s, text in REFUSALS.items()}
        for operations in made["paths"].values():
            for operation in operations.values():
                operation["responses"] |= refusals
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"token": []}, {}]
        app.openapi_schema = made
    return app.openapi_schema


class _Server(uvicorn.Server):
    """Uvicorn, without a word on signals: whoever runs it says when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def served(app: FastAPI, listening: socket.socket, stop: anyio.Event) -> None:
    """Serve on a socket that listens until `stop` is set; feeds end, answers that are being written are finished."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        limit_concurrency=512,
    )
    server = _Server(config)

    async def end() -> None:
        await stop.wait()
        app.state.feed.close()
        server.should_exit = True

    async with anyio.create_task_group() as group:
        group.start_soon(end)
        group.start_soon(app.state.looking.draw_ahead)
        await server.serve(sockets=[listening])
        group.cancel_scope.cancel()
