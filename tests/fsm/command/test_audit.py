"""Auditing from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persistence import SQLStore
from persistence.conformance.law import create
from tests.fsm.command.lampshop import lived
from tests.fsm.command.test_steer import fsm

pytestmark = pytest.mark.anyio


async def test_a_store_in_order_passes_and_a_finding_fails(tmp_path: Path) -> None:
    await lived(tmp_path, "Press")
    path = tmp_path / "lamps.db"
    assert await fsm("audit", f"{tmp_path / 'lamp.py'}:Lamp", path=path) == (0, "nothing was found\n")
    store = SQLStore(path)
    await store.open(owner=False)
    commit = create("x", seq=4)
    commit.entry = None
    await store.commit([commit])
    await store.close()
    code, said = await fsm("audit", "--json", path=path)
    assert code == 1
    assert [(f["kind"], f["instance"]) for f in json.loads(said)] == [("contradiction", "x")]
    assert "its journal has nothing" in (await fsm("audit", path=path))[1]
