"""Statements on the user's own table in processes that are killed at every boundary: each is run once."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, update

from fsm import Context, Event, Orchestrator, State, StateMachine, on
from persistence import SQLStore
from tests.simulation.mortal import Reaper, live, places

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are led in forked processes")

PAID = Table("paid", MetaData(), Column("n", Integer, primary_key=True), Column("who", String), Column("sum", Integer))


class Pay(Event):
    """Somebody pays."""

    who: str


class Till(Context):
    """How many have paid."""

    n: int = 0


class Desk(StateMachine[Till, Pay]):
    """Writes into a table whose rows have no key of their own."""

    class Open(State, initial=True): ...

    @on(Pay, Open)
    def pay(self, ev: Pay) -> None:
        self.ctx.n += 1
        self.execute(insert(PAID).values(who=ev.who, sum=0))
        self.execute(update(PAID).values(sum=PAID.c.sum + 1))


async def life(folder: Path, reaper: Reaper) -> Any:
    """Three pay; each sends again until it is told."""
    file = folder / "fsm.db"
    async with Orchestrator(SQLStore(file, synchronous="NORMAL"), [Desk]) as orchestrator:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS paid (n INTEGER PRIMARY KEY, who TEXT, sum INTEGER)")
        desk = await orchestrator.start(Desk, id="a")
        for who in ("ada", "bob", "eve"):
            await desk.send(Pay(who=who), key=who)
        with closing(sqlite3.connect(file)) as connection:
            paid = connection.execute("SELECT who, sum FROM paid ORDER BY n").fetchall()
        return [paid, (await desk.snapshot()).context.n]


def test_killed_at_any_boundary_each_statement_is_run_once(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = live(life, tmp_path / "whole")
    wanted = [[["ada", 3], ["bob", 2], ["eve", 1]], 3]
    assert (whole.told, whole.error) == (wanted, "")
    deaths = [*places(whole.counts, "boundary"), *places(whole.counts, "statement")[::9]]
    assert len(deaths) > 15
    died = 0
    for number, death in enumerate(deaths):
        folder = tmp_path / str(number)
        folder.mkdir()
        lived = live(life, folder, [death])
        died += lived.deaths
        assert (lived.told, lived.error) == (wanted, ""), death
    assert died > len(deaths) * 0.8
