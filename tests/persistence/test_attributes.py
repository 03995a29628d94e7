"""Instances are looked up by their attributes in an index, however many there are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from persistence import SQLStore, rows
from persistence.attributes import found_by
from persistence.statements import Statement

pytestmark = pytest.mark.anyio


async def test_a_value_is_looked_up_in_the_index(tmp_path: Path) -> None:
    store = SQLStore(tmp_path / "fsm.db")
    await store.open(owner=True)
    await store.close()
    instance = rows.table(rows.Instance)
    wanted = Statement(select(instance.c.id).where(*found_by(instance.c.id, [("customer", "c1"), ("amount", "3")])))
    with closing(sqlite3.connect(tmp_path / "fsm.db")) as connection:
        asked = connection.execute(f"EXPLAIN QUERY PLAN {wanted.sqlite.sql}", wanted.sqlite.bind({}))
        plan = " ".join(row[3] for row in asked)
    assert "SCAN" not in plan.replace("SCAN CONSTANT", ""), plan
    assert plan.count("attribute_value (name=? AND value=?") == 2, plan
