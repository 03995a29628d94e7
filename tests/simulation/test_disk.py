"""The power is cut at every moment; the disk is full, or fails, at every moment: what was answered is there."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import anyio
import apsw
import pytest

from fsm.errors import StoreError, StoreFull
from fsm.ports.store import Accepted, Commit, Entry, Record, Timer
from persistence import SQLStore, checkpoints
from tests.simulation.disk import Disk, after_a_cut, beneath

TURNS = 10
_NAMES = map("disk-{}".format, count())


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A disk, beneath a store that copies its WAL often."""
    monkeypatch.setattr(checkpoints, "COMMITS", 4)
    monkeypatch.setattr(checkpoints, "COMMITS_MAX", 4)
    made = Disk(next(_NAMES))
    yield made
    made.unregister()


def turn(seq: int) -> Commit:
    """A turn with something in every table; its context fills some pages."""
    record = Record(
        "a", "M", "1", "d", "running", seq, "[]", "{}", f'{{"n":{seq},"fill":"{"x" * 700 * seq}"}}'.encode()
    )
    return Commit(
        "a",
        seq=seq - 1 if seq else None,
        record=record,
        create=not seq,
        entry=Entry("a", seq, f"c{seq}", "go", "{}", "[]", "[]", 1.0, 0.0),
        accepted=[Accepted("a", f"r{seq}", "go", "{}", key=f"k{seq}", state="consumed", at=1.0)],
        timers_set=[Timer("a", "t", seq, 9.0)],
        timers_cleared=[("t", seq - 1)],
        worker="w",
    )


def lived(file: Path, disk: Disk, synchronous: str) -> list[int]:
    """How much was done on the disk when the store was open, and when each turn was answered."""

    async def live() -> list[int]:
        store = SQLStore(file, synchronous=synchronous, thread=False)
        await store.open(owner=True)
        marks = [len(disk.done)]
        for seq in range(TURNS):
            await store.commit([turn(seq)])
            marks.append(len(disk.done))
        disk.done = disk.done[:]  # what closing does is not looked at
        await store.close()
        return marks

    with beneath(disk):
        return anyio.run(live)


def contents(file: Path) -> dict[str, Any]:
    """Every row, as far as there are tables; what is damaged raises."""
    if not file.exists():
        return {}
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        tables = [name for (name,) in connection.execute(names).fetchall()]
        return {t: sorted(map(repr, connection.execute(f"SELECT * FROM {t}"))) for t in tables}


def cuts(
    disk: Disk, marks: list[int], folder: Path, first: int, seed: int = 0
) -> Iterator[tuple[int, int, int | None]]:
    """For every moment: which turn was answered, which was begun, and up to which one all is there.

    None: what is there is no prefix of what was committed.
    """
    states = []
    for number, mark in enumerate(marks):
        after_a_cut(disk.done[:mark], folder / f"state-{number}", None)
        states.append(contents(folder / f"state-{number}" / "fsm.db"))
    assert all(a != b for a, b in pairwise(states))
    chance = random.Random(seed)
    for at in range(first, marks[-1] + 1):
        answered = max((n for n, mark in enumerate(marks) if mark <= at), default=-1)
        place = folder / f"cut-{at}"
        after_a_cut(disk.done[:at], place, chance)
        try:
            found = contents(place / "fsm.db")
        except (sqlite3.Error, AssertionError):
            yield answered, min(answered + 1, TURNS), None
            continue
        there = -1 if not found else next((n for n, state in enumerate(states) if state == found), None)
        yield answered, min(answered + 1, TURNS), there


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))])
def test_after_a_power_cut_at_any_moment_every_answered_turn_is_there(tmp_path: Path, disk: Disk, seed: int) -> None:
    marks = lived(tmp_path / "fsm.db", disk, "FULL")
    synced = {one.file for one in disk.done[marks[0] :] if one.kind == "sync"}
    assert synced == {"fsm.db", "fsm.db-wal"}  # the turns, and the copies of them
    moments = 0
    for answered, begun, there in cuts(disk, marks, tmp_path, marks[0], seed):
        moments += 1
        assert there is not None
        assert answered <= there <= begun
    assert moments > 50


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))])
def test_with_less_sync_a_power_cut_leaves_the_first_turns_and_none_of_them_torn(
    tmp_path: Path, disk: Disk, seed: int
) -> None:
    marks = lived(tmp_path / "fsm.db", disk, "NORMAL")
    found = list(cuts(disk, marks, tmp_path, 0, seed))
    assert all(there is not None and there <= begun for _, begun, there in found)
    assert any(there is not None and there < answered for answered, _, there in found)  # or this would prove nothing


def test_a_disk_that_lies_about_its_syncs_is_found_out(tmp_path: Path, disk: Disk) -> None:
    disk.honest = False
    marks = lived(tmp_path / "fsm.db", disk, "FULL")
    assert any(there is None or there < answered for answered, _, there in cuts(disk, marks, tmp_path, marks[0]))


PROBLEMS = {"full": (apsw.SQLITE_FULL, StoreFull), "broken": (apsw.SQLITE_IOERR, StoreError)}


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_disk_that_fails_at_any_moment_fails_that_turn_only(
    tmp_path: Path, disk: Disk, problem: str, every: int
) -> None:
    code, wanted = PROBLEMS[problem]

    async def live(file: Path, number: int) -> tuple[int, int]:
        """How much was done on the disk in all, and how many turns failed."""
        store, failed = SQLStore(file, thread=False), 0
        await store.open(owner=True)
        disk.tried, disk.failing = 0, {number: apsw.exception_for(code)} if number else {}
        seq = 0
        while seq < TURNS:
            try:
                await store.commit([turn(seq)])
                seq += 1
            except wanted:
                failed += 1
                loaded = await store.load("a")
                assert (loaded.record.seq if loaded else -1) == seq - 1
        tried, disk.failing = disk.tried, {}
        await store.close()
        return tried, failed

    def run(number: int) -> tuple[int, int]:
        with beneath(disk):
            return anyio.run(live, tmp_path / f"{number}.db", number)

    tried, failed = run(0)
    assert (tried > 60, failed) == (True, 0)
    whole, failures = contents(tmp_path / "0.db"), 0
    for number in range(1, tried + 1, every):
        failures += run(number)[1]
        assert contents(tmp_path / f"{number}.db") == whole, number
    assert failures > tried / every / 2
