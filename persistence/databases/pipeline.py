"""Many statements in one round trip, on libpq itself.

psycopg's own pipeline hands every statement to the socket by itself and keeps a cursor for each; for a turn that is
written in five statements this costs more than the database takes. Here they leave together, and come back together.
"""

from __future__ import annotations

from collections.abc import Sequence
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, Final

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Queued = tuple[str, Sequence[Any]]
"""SQL text with $1, $2, ... and its values."""

_FAILED: Final = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)


def run(connection: PGconn, statements: Sequence[Queued]) -> list[PGresult]:
    """Send all, then read the result of each; raises the error of the first that fails.

    Raises ValueError before anything is sent when a text holds a NUL, which PostgreSQL cannot keep.
    """
    encoded = [(sql.encode(), *_encoded(values)) for sql, values in statements]
    connection.enter_pipeline_mode()
    results: list[PGresult] = []
    for sql, values, formats in encoded:
        connection.send_query_params(sql, values, None, formats)
    connection.pipeline_sync()
    _receive(connection, results)
    connection.exit_pipeline_mode()
    for result in results:
        if result.status in _FAILED:
            raise error_from_result(result)
    return results


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


def _receive(connection: PGconn, results: list[PGresult]) -> None:
    """Send what is buffered and read until the end of the pipeline; neither side may wait for the other."""
    with DefaultSelector() as waiting:
        waiting.register(connection.socket, EVENT_READ)
        while True:
            unsent = connection.flush()
            waiting.modify(connection.socket, EVENT_READ | EVENT_WRITE if unsent else EVENT_READ)
            if not any(ready & EVENT_READ for _, ready in waiting.select()):
                continue
            connection.consume_input()
            while not connection.is_busy():
                # None stands between the results of two statements.
                if (result := connection.get_result()) is None:
                    continue
                if result.status == ExecStatus.PIPELINE_SYNC:
                    return
                results.append(result)
