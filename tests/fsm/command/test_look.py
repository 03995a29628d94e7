"""`fsm show` tells how far the invokes of an instance have come."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from fsm.cli import application
from fsm.core.progress import progress_text
from fsm.ports.store import Commit, Effect
from persistence import SQLStore
from persistence.conformance.law import create, turn


@pytest.fixture
def url(tmp_path: Path) -> str:
    async def fill() -> None:
        store = SQLStore(tmp_path / "fsm.db")
        await store.open(owner=True)
        effects = [Effect("a", key, 1, b"{}", "{}", attempt=2) for key in ("read", "write")]
        await store.commit([create("a"), turn("a", 0, effects_set=effects)])
        told = Effect("a", "read", 1, b"", "", progress=progress_text(0.5, "page 5 of 10", 1_000_000.0))
        await store.commit([Commit("a", fence=0, progress=[told])])
        await store.close()

    anyio.run(fill)
    return f"sqlite:///{tmp_path / 'fsm.db'}"


def test_show_tells_the_progress_of_invokes(url: str) -> None:
    said = CliRunner().invoke(application(), ["show", "a", "--store", url]).stdout
    assert "working    read (attempt 2): 0.5 page 5 of 10 (" in said
    assert "working    write (attempt 2)\n" in said
    data = json.loads(CliRunner().invoke(application(), ["show", "a", "--store", url, "--json"]).stdout)
    assert [i["progress"] for i in data["invokes"]] == [
        {"value": 0.5, "text": "page 5 of 10", "at": 1_000_000.0},
        None,
    ]
