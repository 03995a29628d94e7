"""Many statements in one round trip: order, failures and large answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import anyio
import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from persistence.databases import pipeline
from persistence.databases.pipeline import Queued, beside, talk
from persistence.databases.postgres import Connection, Postgres


@pytest.fixture
def connection(postgres: str) -> Iterator[Connection]:
    made = Postgres(postgres).connect()
    yield made
    made.close()


Run = Callable[[PGconn, Sequence[Queued]], list[PGresult]]


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Ways to have the same conversation."""

    async def talked(connection: PGconn, statements: Sequence[Queued]) -> list[PGresult]:
        return await beside(connection, talk(connection, statements))

    def besides(*given: Any) -> list[PGresult]:
        return anyio.run(talked, *given, backend=request.param)

    return pipeline.run if request.param == "blocking" else besides


def test_results_come_in_the_order_of_the_statements(run: Run, connection: Connection) -> None:
    results = run(connection.pgconn, [("SELECT $1::int", (n,)) for n in range(200)])
    assert [result.get_value(0, 0) for result in results] == [str(n).encode() for n in range(200)]


def test_values_of_every_kind_arrive_as_they_are(run: Run, connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE kept (t text, b bytea, n bigint, f float8, e text)")
    values = ("it's \u20ac", bytes(range(256)), -(2**62), 0.1 + 0.2, None)
    run(connection.pgconn, [("INSERT INTO kept VALUES ($1, $2, $3, $4, $5)", values)])
    assert connection.execute("SELECT * FROM kept").fetchone() == values


def test_the_first_failure_is_raised_and_what_follows_is_not_done(run: Run, connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE kept (n int)")
    insert = "INSERT INTO kept VALUES ($1)"
    with pytest.raises(psycopg.errors.DivisionByZero):
        run(connection.pgconn, [("BEGIN", ()), (insert, (1,)), ("SELECT 1 / 0", ()), (insert, (2,)), ("COMMIT", ())])
    assert connection.info.transaction_status is TransactionStatus.INERROR
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@pytest.mark.parametrize("text", ["nul \0", "\ud800"])
def test_what_postgresql_cannot_keep_is_refused_before_anything_is_sent(
    run: Run, connection: Connection, text: str
) -> None:
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        run(connection.pgconn, [("SELECT 1", ()), ("SELECT $1::text", (text,))])
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_large_questions_and_large_answers_do_not_block_each_other(run: Run, connection: Connection) -> None:
    much = "x" * 1_000_000
    results = run(connection.pgconn, [("SELECT $1::text", (much,)) for _ in range(20)])
    assert all(result.get_value(0, 0) == much.encode() for result in results)


def test_a_connection_that_is_cut_meanwhile_raises(run: Run, connection: Connection, postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        run(connection.pgconn, [("SELECT 1", ())])
    assert connection.closed


@pytest.mark.anyio
async def test_the_loop_goes_on_while_the_server_thinks(connection: Connection) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await anyio.sleep(0.005)

    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await beside(connection.pgconn, talk(connection.pgconn, [("SELECT pg_sleep(0.2)", ())]))
        group.cancel_scope.cancel()
    assert beats > 10


@pytest.mark.anyio
async def test_a_conversation_that_is_given_up_closes_the_connection(connection: Connection) -> None:
    with anyio.move_on_after(0.05):
        await beside(connection.pgconn, talk(connection.pgconn, [("SELECT pg_sleep(60)", ())]))
    assert connection.closed
