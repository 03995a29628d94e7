"""How many events wait is asked cheaply, and holds when several send at once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from fsm.errors import StoreError
from fsm.ports.store import Commit, Store, Verdict
from persistence import MemoryStore, SQLStore
from persistence.conformance.law import create, entry, event, opened, read, record
from persistence.crowd import COUNT, FEW

pytestmark = pytest.mark.anyio


async def test_senders_that_write_at_the_same_moment_do_not_overfill_an_inbox(
    place: Callable[[], MemoryStore | SQLStore],
) -> None:
    verdicts: Counter[Verdict] = Counter()

    async def send(store: Store, name: str) -> None:
        for n in range(10):
            sent = [event("a", f"{name}{n}"), event("b", f"other-{name}{n}")]
            verdicts.update(await store.commit([Commit("a", accepted=sent, inbox_max=12)]))

    async with opened(place) as one, opened(place) as two, opened(place) as three:
        await one.commit([create("a"), create("b")])
        async with anyio.create_task_group() as group:
            for name, store in (("x", one), ("y", two), ("z", three)):
                group.start_soon(send, store, name)
        assert verdicts == {Verdict.COMMITTED: 12, Verdict.FULL: 18}
        assert [len((await read(one, id)).inbox) for id in "ab"] == [12, 12]


async def test_what_waits_is_counted_in_the_index_of_what_is_open_alone(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    store = SQLStore(path)
    await store.open(owner=True)
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        asked = COUNT.sqlite.bind({"read_id": "a", "most": 10})
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {COUNT.sqlite.sql}", asked)]
    assert any("USING INDEX inbox_open (instance=?)" in step for step in plan), plan


async def test_a_crowded_file_is_counted_now_and_then_and_never_overfilled(tmp_path: Path) -> None:
    """What was counted before holds for as many numbers as there was room, whoever has used them since."""
    paths = tmp_path / "fsm.db"
    one, two = SQLStore(paths, synchronous="NORMAL"), SQLStore(paths, synchronous="NORMAL")
    await one.open(owner=True)
    await two.open(owner=False)
    most, refs = FEW + 40, iter(range(10_000))

    async def send(store: SQLStore, count: int, to: str = "a") -> list[Verdict]:
        sent = [Commit(to, accepted=[event(to, f"r{next(refs)}")], inbox_max=most) for _ in range(count)]
        return [(await store.commit([commit]))[0] for commit in sent]

    await one.commit([create("a"), create("b")])
    assert set(await send(one, FEW + 20)) == {Verdict.COMMITTED}
    assert set(await send(two, 30, "b")) == {Verdict.COMMITTED}
    assert await send(two, 15) + await send(one, 5) == [Verdict.COMMITTED] * 20
    assert await send(one, 1) + await send(two, 1) == [Verdict.FULL] * 2
    taken = [event("a", "r0", state="consumed")]
    await two.commit([Commit("a", settled=taken)])
    assert await send(one, 2) == [Verdict.COMMITTED, Verdict.FULL]
    await one.close()
    await two.close()


async def test_what_was_counted_is_forgotten_with_a_batch_that_is_rolled_back(tmp_path: Path) -> None:
    """A rollback gives numbers back: what was counted in between would not hold."""
    store, most = SQLStore(tmp_path / "fsm.db", synchronous="NORMAL"), FEW + 10
    await store.open(owner=True)
    others = [event("b", f"other{n}") for n in range(8)]
    bad = Commit("a", record=record("a", 1), seq=0, accepted=[event("a", "x")], entry=entry("a", 0), inbox_max=most)
    await store.commit([create("a"), Commit("a", accepted=[event("a", f"r{n}") for n in range(FEW)], inbox_max=None)])
    with pytest.raises(StoreError):
        await store.commit([Commit("b", accepted=others), bad])  # its journal has that entry already
    verdicts = [
        (await store.commit([Commit("a", accepted=[event("a", f"s{n}")], inbox_max=most)]))[0] for n in range(12)
    ]
    assert verdicts == [Verdict.COMMITTED] * 10 + [Verdict.FULL] * 2
    await store.close()
