"""Claims by several connections at once, on both databases; the laws of claims are in conformance/test_claiming.py."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fsm.ports.store import Commit, Verdict
from persistence import claims, queries
from persistence.conformance.law import create, event, turn
from persistence.databases.link import Link
from persistence.databases.postgres_link import PostgresDatabase
from persistence.databases.sqlite import SQLite
from persistence.databases.sqlite_link import SQLiteDatabase

Connect = Callable[[], Link]


@pytest.fixture(params=["sqlite", "postgresql"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
    """A maker of links to one database."""
    if request.param == "sqlite":
        file = SQLiteDatabase(SQLite(tmp_path / "fsm.db", "NORMAL"))
        return lambda: file.open(owner=False, later=lambda function: None)
    server = PostgresDatabase.at(request.getfixturevalue("postgres"))
    return lambda: server.open(owner=False, later=lambda function: None)


def test_workers_that_claim_at_once_never_claim_the_same(connect: Connect) -> None:
    first = connect()
    names = [f"i{n:03}" for n in range(60)]
    first.write([create(name) for name in names])
    first.write([Commit(name, accepted=[event(name, f"r{name}")]) for name in names])

    def work(worker: str) -> list[str]:
        link = connect()
        mine: list[str] = []
        with link.patiently():
            claims.heartbeat(link, worker, 60.0)
            while claimed := claims.claim(link, worker, ["M"], 7, None, None):
                mine += claimed
        link.close()
        return mine

    with ThreadPoolExecutor(3) as pool:
        shares = list(pool.map(work, ["one", "two", "three"]))
    assert sorted(name for share in shares for name in share) == names
    first.close()


def test_an_event_that_arrives_while_its_instance_is_released_is_not_lost(connect: Connect) -> None:
    worker, client = connect(), connect()
    claims.heartbeat(worker, "one", 60.0)
    worker.write([create("a", worker="one")])

    def release() -> None:
        with worker.patiently():
            claims.release(worker, "one", ["a"], 0.0)

    def send(number: int) -> None:
        with client.patiently():
            client.write([Commit("a", accepted=[event("a", f"r{number}")])])

    with ThreadPoolExecutor(2) as pool:
        for number in range(40):
            both = [pool.submit(release), pool.submit(send, number)]
            for one in both:
                one.result()
            # Either it is poked (and still claimed) or free and due; here it was given back.
            assert claims.claim(worker, "one", ["M"], 10, None, None) == ["a"], number
            loaded = queries.load(worker, "a")
            assert loaded is not None
            done = [event("a", row.ref, state="consumed") for row in loaded.inbox]
            worker.write([Commit("a", settled=done)])
    worker.close()
    client.close()


def test_a_frozen_worker_that_wakes_while_another_writes_is_refused(connect: Connect) -> None:
    frozen, other = connect(), connect()
    claims.heartbeat(frozen, "frozen", 60.0)
    frozen.write([create("a", worker="frozen")])
    claims.heartbeat(frozen, "frozen", -1.0)
    claims.heartbeat(other, "other", 60.0)
    assert claims.claim(other, "other", ["M"], 10, None, None) == ["a"]
    assert frozen.write([turn("a", 0, worker="frozen")]) == [Verdict.LOST]
    assert other.write([turn("a", 0, 1, worker="other")]) == [Verdict.COMMITTED]
    assert not claims.heartbeat(frozen, "frozen", 60.0)
    frozen.close()
    other.close()
