"""The link to PostgreSQL: who meets whom on it, and what happens when it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import insert

from fsm.errors import StoreError, StoreLocked
from fsm.ports.store import Commit, Verdict
from persistence import queries, rows
from persistence.conformance.law import create, event, turn
from persistence.databases import postgres_link
from persistence.databases.postgres_link import PostgresDatabase, PostgresLink
from persistence.migrations import VERSION
from persistence.turns import Writing
from tests.persistence import server

COMMITTED, LOST, DUPLICATE = Verdict.COMMITTED, Verdict.LOST, Verdict.DUPLICATE


@pytest.fixture
def link(postgres: str) -> Iterator[PostgresLink]:
    made = PostgresDatabase.at(postgres).open(owner=False, later=_never)
    yield made
    made.close()


@pytest.fixture
def other(link: PostgresLink, postgres: str) -> Iterator[PostgresLink]:
    made = PostgresDatabase.at(postgres).open(owner=False, later=_never)
    yield made
    made.close()


def _never(function: Callable[[], object]) -> None:
    raise AssertionError("nothing is put off here")


def at_once(*functions: Callable[[], object]) -> list[object]:
    """Run them in threads of their own, begun at the same moment."""
    barrier = Barrier(len(functions))

    def run(function: Callable[[], object]) -> object:
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


def test_of_two_who_move_an_instance_at_once_one_wins(link: PostgresLink, other: PostgresLink) -> None:
    link.write([create("a")])
    for seen in range(30):
        verdicts = at_once(partial(link.write, [turn("a", seen)]), partial(other.write, [turn("a", seen)]))
        assert sorted(map(str, verdicts)) == sorted(map(str, [[COMMITTED], [LOST]]))


def test_of_two_who_create_an_instance_at_once_one_wins(link: PostgresLink, other: PostgresLink) -> None:
    for number in range(20):
        verdicts = at_once(partial(link.write, [create(f"i{number}")]), partial(other.write, [create(f"i{number}")]))
        assert sorted(map(str, verdicts)) == sorted(map(str, [[COMMITTED], [LOST]]))


def test_of_two_who_send_a_key_at_once_one_is_first(link: PostgresLink, other: PostgresLink) -> None:
    link.write([create("a")])

    def send(which: PostgresLink, number: int, who: str) -> list[Verdict]:
        return which.write([Commit("a", accepted=[event("a", f"{who}{number}", key=f"k{number}")])])

    for number in range(20):
        verdicts = at_once(partial(send, link, number, "x"), partial(send, other, number, "y"))
        assert sorted(map(str, verdicts)) == sorted(map(str, [[COMMITTED], [DUPLICATE]]))
    loaded = queries.load(link, "a")
    assert loaded is not None
    assert len(loaded.inbox) == 20


def test_a_key_that_is_taken_between_question_and_answer_is_a_duplicate(
    link: PostgresLink, other: PostgresLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.write([create("a"), Commit("a", accepted=[event("a", "first", key="k")])])
    asked: list[bool] = []

    def too_early(self: Writing, cursor: Any, accepted: Any) -> bool:
        asked.append(len(asked) > 0 and really(self, cursor, accepted))
        return asked[-1]

    really = Writing._is_taken
    monkeypatch.setattr(Writing, "_is_taken", too_early)
    late = turn("a", 0, accepted=[event("a", "second", key="k")])
    assert link.write([late]) == [DUPLICATE]
    assert asked == [False, True]
    loaded = queries.load(link, "a")
    assert loaded is not None
    assert (loaded.record.seq, [row.ref for row in loaded.inbox]) == (0, ["first"])


def test_batches_that_meet_crosswise_do_not_wait_for_each_other(link: PostgresLink, other: PostgresLink) -> None:
    names = [f"i{n:02}" for n in range(12)]
    link.write([create(name) for name in names])
    for seen in range(5):
        forwards, backwards = ([turn(n, seen) for n in order] for order in (names, names[::-1]))
        one, two = at_once(partial(link.write, forwards), partial(other.write, backwards))
        assert isinstance(one, list)
        assert isinstance(two, list)
        won = {n for n, v in zip(names, one, strict=True) if v is COMMITTED}
        also = {n for n, v in zip(names[::-1], two, strict=True) if v is COMMITTED}
        assert won | also == set(names)
        assert not won & also


def test_a_batch_in_which_one_loses_is_written_without_it(link: PostgresLink) -> None:
    link.write([create("a"), create("b")])
    assert link.write([turn("a", 0), turn("b", 5), turn("a", 1)]) == [COMMITTED, LOST, COMMITTED]


@pytest.mark.anyio
async def test_beside_the_loop_a_batch_is_written_whole_or_not_at_all(link: PostgresLink) -> None:
    assert await link.write_beside([create("a"), create("b")]) == [COMMITTED, COMMITTED]
    assert await link.write_beside([turn("a", 0), turn("b", 1)]) is None
    assert link.connection().info.transaction_status is TransactionStatus.IDLE
    assert link.write([turn("a", 0), turn("b", 1)]) == [COMMITTED, LOST]


@pytest.mark.anyio
async def test_what_takes_more_than_an_answer_is_not_done_beside_the_loop(link: PostgresLink) -> None:
    link.write([create("a")])
    asked = turn("a", 0)
    asked.statements = [insert(rows.Meta).values(name="n", value="v")]
    assert await link.write_beside([asked]) is None
    link.connection().close()
    assert await link.write_beside([turn("a", 0)]) is None
    assert link.write([turn("a", 0)]) == [COMMITTED]


def test_a_value_that_cannot_be_stored_leaves_nothing_of_its_batch(link: PostgresLink) -> None:
    bad = create("bad")
    assert bad.record is not None
    bad.record.config = "\ud800"
    with pytest.raises(StoreError, match="a batch of 2 commits"):
        link.write([create("a"), bad])
    bad.record.config = "nul \0"
    with pytest.raises(StoreError, match="writing 'bad'"):
        link.write([bad])
    assert queries.load(link, "a") is None
    assert link.write([create("a")]) == [COMMITTED]


def test_a_connection_that_was_cut_is_made_anew(link: PostgresLink, postgres: str) -> None:
    link.write([create("a")])
    pid = link.connection().info.backend_pid
    with psycopg.connect(postgres, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(StoreError, match="cannot be reached"):
        link.write([turn("a", 0)])
    assert link.write([turn("a", 0)]) == [COMMITTED]
    assert link.connection().info.backend_pid != pid


def test_a_row_that_somebody_holds_for_too_long_is_a_store_locked(
    link: PostgresLink, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_link, "_SET_LOCK_TIMEOUT", "SET LOCAL lock_timeout = 50")
    monkeypatch.setattr(postgres_link, "_BOUNDS", "SELECT set_config('lock_timeout', '50', true)")
    link.write([create("a")])
    with psycopg.connect(postgres) as holder:
        holder.execute("SELECT 1 FROM fsm.instance WHERE id = 'a' FOR UPDATE")
        with pytest.raises(StoreLocked, match="pg_stat_activity"):
            link.write([turn("a", 0)])
    assert link.write([turn("a", 0)]) == [COMMITTED]


def test_the_bounds_of_a_transaction_end_with_it(link: PostgresLink) -> None:
    link.write([create("a")])
    assert link.connection().execute("SHOW lock_timeout").fetchone() == ("0",)


def test_the_parts_of_a_loaded_instance_are_of_one_moment(link: PostgresLink, other: PostgresLink) -> None:
    link.write([create("a")])

    def move() -> None:
        for seen in range(40):
            other.write([turn("a", seen, accepted=[event("a", f"r{seen}")])])

    def look() -> None:
        for _ in range(40):
            loaded = queries.load(link, "a")
            assert loaded is not None
            assert len(loaded.inbox) == loaded.record.seq

    at_once(move, look)


def test_several_who_open_an_empty_database_at_once_make_one_schema(postgres: str) -> None:
    server.no_schema(postgres)
    database = PostgresDatabase.at(postgres)
    links = at_once(*(lambda: database.open(owner=False, later=_never) for _ in range(4)))
    for made in links:
        assert isinstance(made, PostgresLink)
        assert made.connection().execute("SELECT value FROM fsm.meta").fetchone() == (str(VERSION),)
        made.close()
