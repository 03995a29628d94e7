"""Many statements in one round trip, on libpq itself.

psycopg's own pipeline hands every statement to the socket by itself and keeps a cursor for each; for a turn that is
written in five statements this costs more than the database takes. Here they leave together, and come back together.

    talk ──▶ what it waits for ──┬─ blocking: this thread waits
                                 └─ beside: the event loop goes on; no thread has to wait for the interpreter's lock
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, Final, TypeVar

import anyio
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

T = TypeVar("T")

Queued = tuple[str, Sequence[Any]]
"""SQL text with $1, $2, ... and its values."""

Talk = Generator[bool, None, T]
"""A conversation with the server: it yields when it has to wait for an answer, and whether something is unsent."""

_FAILED: Final = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)


def run(connection: PGconn, statements: Sequence[Queued]) -> list[PGresult]:
    """Send all, then read the result of each; raises the error of the first that fails.

    Raises ValueError before anything is sent when a text holds a NUL, which PostgreSQL cannot keep.
    """
    return blocking(connection, talk(connection, statements))


def talk(connection: PGconn, statements: Sequence[Queued]) -> Talk[list[PGresult]]:
    """What `run` does, as a conversation; given up in the middle, it closes the connection."""
    encoded = [(sql.encode(), *_encoded(values)) for sql, values in statements]
    connection.enter_pipeline_mode()
    results: list[PGresult] = []
    for sql, values, formats in encoded:
        connection.send_query_params(sql, values, None, formats)
    connection.pipeline_sync()
    try:
        yield from _receive(connection, results)
    except GeneratorExit:
        connection.finish()
        raise
    connection.exit_pipeline_mode()
    for result in results:
        if result.status in _FAILED:
            raise error_from_result(result)
    return results


def blocking(connection: PGconn, talking: Talk[T]) -> T:
    """Have a conversation on this thread."""
    with DefaultSelector() as waiting:
        waiting.register(connection.socket, EVENT_READ)
        while True:
            try:
                unsent = next(talking)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            waiting.modify(connection.socket, EVENT_READ | EVENT_WRITE if unsent else EVENT_READ)
            waiting.select()


async def beside(connection: PGconn, talking: Talk[T]) -> T:
    """Have a conversation while the event loop goes on; cancelled in the middle, it gives it up."""
    try:
        while True:
            try:
                unsent = next(talking)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            if unsent:
                await _either(connection.socket)
            else:
                await anyio.wait_readable(connection.socket)
    finally:
        talking.close()


async def _either(socket: int) -> None:
    """Wait until something can be sent or read: neither side may wait for the other."""
    async with anyio.create_task_group() as group:

        async def write() -> None:
            await anyio.wait_writable(socket)
            group.cancel_scope.cancel()

        group.start_soon(write)
        await anyio.wait_readable(socket)
        group.cancel_scope.cancel()


def _encoded(values: Sequence[Any]) -> tuple[list[bytes | None], list[int]]:
    """Texts as texts, bytes as they are: PostgreSQL knows the types of the places where they go."""
    made: list[bytes | None] = []
    for value in values:
        if value is None or isinstance(value, bytes):
            made.append(value)
            continue
        text = value.encode() if isinstance(value, str) else repr(value).encode()
        if b"\0" in text:
            raise ValueError("a text holds a NUL character, which PostgreSQL cannot keep")
        made.append(text)
    return made, [int(isinstance(value, bytes)) for value in values]


def _receive(connection: PGconn, results: list[PGresult]) -> Talk[None]:
    """Send what is buffered and read until the end of the pipeline; neither side may wait for the other."""
    while True:
        yield bool(connection.flush())
        connection.consume_input()
        while not connection.is_busy():
            # None stands between the results of two statements.
            if (result := connection.get_result()) is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return
            results.append(result)
