"""The durable cases: what they claim is in the database, and what is missing is found out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from benchmarks import busy, durable, idle, resume, scale, shapes, written
from benchmarks.durable_side import ours
from benchmarks.figure import Figure, Skipped, Wrong
from benchmarks.order import Placed
from benchmarks.plain import as_data
from benchmarks.race import Effort
from benchmarks.sqlite_floor import ByHand, WholeStep, names

SHORT = Effort(rounds=1, round_seconds=0.002)


def test_the_floors_encode_the_same_order() -> None:
    assert Placed().model_dump() == as_data(0)
    assert 900 < len(Placed().model_dump_json()) < 1100


async def _two_steps(path: Path, lost: str) -> None:
    async with ours(path, instances=2) as our:
        await our.together(1)
        our.check()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(lost)
            connection.commit()
        with pytest.raises(Wrong, match="expected 2"):
            our.check()


@pytest.mark.parametrize(
    "lost",
    ["DELETE FROM transition WHERE seq = 2 AND instance = 'order-000'", "UPDATE instance SET seq = 1"],
)
def test_a_step_that_is_not_in_the_database_is_found_out(tmp_path: Path, lost: str) -> None:
    anyio.run(_two_steps, tmp_path / "ours.db", lost)


def test_a_floor_that_loses_a_row_is_found_out(tmp_path: Path) -> None:
    floor = ByHand(tmp_path / "by-hand.db")
    floor.step(names()[0])
    floor.group()
    floor.check()
    with closing(sqlite3.connect(tmp_path / "by-hand.db")) as connection:
        connection.execute("DELETE FROM journal WHERE seq = 2")
        connection.commit()
    with pytest.raises(Wrong, match="expected 101"):
        floor.check()
    floor.close()


def test_the_whole_step_writes_both_rows(tmp_path: Path) -> None:
    floor = WholeStep(tmp_path / "whole.db")
    floor.step()
    floor.step()
    floor.check()
    floor.close()


def test_turns_at_once_share_transactions() -> None:
    turns = durable.together(SHORT)[-1]
    assert isinstance(turns, Figure)
    assert turns.value > 1


def test_one_instance_gives_its_three_figures() -> None:
    assert [f.unit for f in durable.single(SHORT) if isinstance(f, Figure)] == ["x", "x", "x"]


def test_bytes_are_counted_where_the_system_counts_them() -> None:
    (counted,) = written.bytes_written(SHORT)
    assert isinstance(counted, Skipped) or counted.sides["ours"] > 1_000


def test_a_busy_loop_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = busy.busy(SHORT)
    assert isinstance(told, Figure)
    assert told.sides["median"] > 0.5


def test_an_idle_instance_has_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    held, alone, made = (f for f in idle.idle(SHORT) if isinstance(f, Figure))
    assert held.value > alone.value / 2 > 0
    assert made.value > 0


@pytest.mark.parametrize("kind", ["working", "waiting"])
def test_what_was_killed_goes_on(kind: str) -> None:
    whole, within = resume.killed_and_resumed(kind, 20)
    assert whole > within > 0


def test_a_full_store_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "INSTANCES", 300)
    monkeypatch.setattr(scale, "TIMERS", 30)
    figures = [f for f in scale.full_store(SHORT) if isinstance(f, Figure)]
    assert [f.unit for f in figures] == ["x", "x", "%", "s"]


def test_a_definition_has_what_was_declared() -> None:
    made = shapes.ring_machine(10)
    assert (len(made.__chart__.nodes), len(made.__chart__.transitions)) == (11, 10)
