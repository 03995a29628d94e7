"""Copying every row of a database into another one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fsm.errors import StoreError, StoreUnsuitable
from fsm.ports.store import Accepted, Commit, Definition, Record
from persistence import SQLStore, open_store
from persistence.moving import check, copy

pytestmark = pytest.mark.anyio
RECORD = Record("A", "M", "1", "d", "running", 0, "[]", "{}", '{"é":"\u2713"}'.encode())


async def filled(path: Path) -> str:
    """A store with something in it."""
    store = SQLStore(path)
    await store.open(owner=True)
    rows = [Accepted("A", f"r{n}", "E", "{}", key=f"k{n}") for n in range(3)]
    documents = [Definition("@view", "", "mark"), Definition("D", "1", "document")]
    await store.commit([Commit("A", record=RECORD, create=True, accepted=rows, definitions=documents, worker="w")])
    await store.close()
    return f"sqlite:///{path}"


async def test_everything_is_there_again_and_numbers_go_on(tmp_path: Path, postgres: str) -> None:
    source = await filled(tmp_path / "a.db")
    target = open_store(postgres)
    await target.open(owner=True)
    assert copy(source, postgres, without=["@view"]) == 1
    loaded = await target.load("A")
    assert loaded is not None
    assert (loaded.record, [row.key for row in loaded.inbox]) == (RECORD, ["k0", "k1", "k2"])
    assert await target.definition("@view", "") is None
    assert await target.definition("D", "1") is not None
    await target.commit([Commit("A", accepted=[Accepted("A", "r3", "E", "{}")])])
    again = await target.load("A")
    assert again is not None
    assert [row.n for row in again.inbox] == sorted({row.n for row in again.inbox})
    await target.close()


async def test_who_runs_what_can_be_left_out(tmp_path: Path) -> None:
    source, target = await filled(tmp_path / "a.db"), SQLStore(tmp_path / "b.db")
    await target.open(owner=True)
    copy(source, f"sqlite:///{tmp_path}/b.db", claims=False)
    await target.close()
    assert [_ready(tmp_path / name) for name in ("a.db", "b.db")] == [1, 0]


async def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    source = await filled(tmp_path / "a.db")
    for target in (source, f"{source}?synchronous=NORMAL", f"sqlite:///{tmp_path}/x/../a.db"):
        with pytest.raises(StoreUnsuitable, match="are the same store; name an empty one"):
            check(source, target)
    check("postgresql://a:b@db/one", "postgresql+psycopg://a:b@db/two")
    with pytest.raises(StoreUnsuitable, match="same store"):
        check("postgresql://a:b@db/one", "postgresql+psycopg://a:b@db/one")
    with pytest.raises(StoreUnsuitable, match=r"no store at .*b\.db; correct"):
        check(f"sqlite:///{tmp_path}/b.db", source)
    with pytest.raises(StoreUnsuitable, match="inside one process"):
        check(source, "memory://")


def _ready(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute("SELECT count(*) FROM ready").fetchone()
        return int(number)


async def test_nothing_is_put_among_what_is_there(tmp_path: Path) -> None:
    source, target = await filled(tmp_path / "a.db"), await filled(tmp_path / "b.db")
    with pytest.raises(StoreUnsuitable, match="has instances already"):
        copy(source, target)


async def test_a_target_that_is_no_store_is_told(tmp_path: Path) -> None:
    source = await filled(tmp_path / "a.db")
    with pytest.raises(StoreError, match="Nothing was written"):
        copy(source, f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StoreUnsuitable, match="inside one process"):
        copy(source, "memory://")
