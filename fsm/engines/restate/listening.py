"""Listening: the handlers are served inside this process, on its own event loop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from fsm.errors import EngineUnreachable

LEAVE_SECONDS = 5.0
"""How long connections may take to end; what ran in them is repeated by the server."""

logger = logging.getLogger("fsm.engines")


@asynccontextmanager
async def listening(application: Any, address: str) -> AsyncIterator[None]:
    """Serve an application on HOST:PORT; it is reachable when this is entered. Raises EngineUnreachable."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from restate.server import install_shutdown_hook

    host, _, port = address.rpartition(":")
    try:
        bound = socket.create_server((host.strip("[]"), int(port)), backlog=1024)
    except OSError as problem:
        raise EngineUnreachable(
            f"{address} cannot be listened on: {problem.strerror or problem}; name an address of this machine and a"
            f" free port in listen="
        ) from problem
    config = Config()
    config.bind, config.graceful_timeout = [f"fd://{bound.detach()}"], 0.1
    config.h2_max_concurrent_streams, config.errorlog, config.accesslog = 1_000, None, None
    config.keep_alive_max_requests = sys.maxsize  # else it closes the connection, with all that runs on it
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()

    async def run() -> None:
        try:
            await serve(_leaving(application, stop), config, shutdown_trigger=lambda: asyncio.wait([stop]), mode="asgi")
        except Exception as problem:
            if not stop.done():
                raise
            logger.debug("a connection broke while it was closed: %r", problem)

    install_shutdown_hook(loop, partial(_terminated, loop, signal.getsignal(signal.SIGTERM)), signal.SIGTERM)
    with _quiet():
        served = asyncio.create_task(run())
        try:
            yield
        finally:
            stop.set_result(None)
            await asyncio.wait([served], timeout=LEAVE_SECONDS)
            if served.done():
                served.result()
            else:
                served.cancel()
                logger.warning("a connection of the server's does not end; it is left")


def _leaving(application: Any, stop: asyncio.Future[None]) -> Any:
    """The application, whose handlers lose the server when we leave; else they would wait for what is called."""

    async def leaving(scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        async def received() -> Any:
            message = asyncio.ensure_future(receive())
            await asyncio.wait([message, stop], return_when=asyncio.FIRST_COMPLETED)
            if message.done():
                return message.result()
            message.cancel()
            return {"type": "http.disconnect"}

        async def sent(message: Any) -> None:  # to somebody who may not read any more, for which hypercorn would wait
            sending = asyncio.ensure_future(send(message))
            await asyncio.wait([sending, stop], return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
            else:
                sending.cancel()

        await application(scope, received, sent)

    return leaving


def _terminated(loop: asyncio.AbstractEventLoop, before: Any) -> None:
    """The SDK listens for SIGTERM, and would let it go: do what had been done without it."""
    loop.remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)
    signal.raise_signal(signal.SIGTERM)


@contextmanager
def _quiet() -> Iterator[None]:
    """A connection that breaks, even inside of hypercorn, is no mistake of ours: the server repeats all of it."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def told(loop: asyncio.AbstractEventLoop, what: dict[str, Any]) -> None:
        if isinstance(what.get("exception"), asyncio.CancelledError) or "client_connected_cb" in what["message"]:
            logger.debug("a connection broke: %r", what.get("exception"))
        else:
            (before or type(loop).default_exception_handler)(loop, what)

    loop.set_exception_handler(told)
    try:
        yield
    finally:
        loop.call_later(0.1, loop.set_exception_handler, before)
