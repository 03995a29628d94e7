"""Looking back from the command line, without any class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsm import Orchestrator
from persistence import SQLStore
from tests.fsm.command.test_steer import fsm
from tests.fsm.runtime.desk import Add, Counter, Lower

pytestmark = pytest.mark.anyio


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A store with a counter that went to 3, then to 2."""
    path = tmp_path / "fsm.db"
    async with Orchestrator(SQLStore(path), [Counter]) as orchestrator:
        counter = await orchestrator.start(Counter, id="a")
        await counter.send(Add(by=3))
        await counter.send(Lower())
    return path


async def test_an_instance_is_shown_as_it_was(path: Path) -> None:
    code, said = await fsm("show", "a", "--at", "2", path=path)
    assert code == 0
    assert '"n": 3' in said
    assert "seq        2" in said
    code, said = await fsm("show", "a", "--at", "1", "--json", path=path)
    assert json.loads(said)["context"] == {"n": 0, "log": []}


async def test_a_turn_that_is_not_known_is_refused_with_the_first_that_is(path: Path) -> None:
    code, said = await fsm("show", "a", "--at", "9", path=path)
    assert code == 1
    assert "turns 1 to 3 can be looked back to" in said
    assert "--at 1 is the oldest" in said


async def test_the_history_says_what_each_turn_changed(path: Path) -> None:
    code, said = await fsm("history", "a", "--changes", path=path)
    assert code == 0
    assert "changed  n: 0 → 3" in said
    assert "asked    lower on Lower: yes" in said
    code, said = await fsm("history", "a", "--changes", "--json", path=path)
    turns = json.loads(said)
    assert [turn["changes"] for turn in turns] == [
        None,
        [{"path": "n", "old": 0, "new": 3, "kind": "changed"}],
        [{"path": "n", "old": 3, "new": 2, "kind": "changed"}],
    ]
    assert turns[2]["guards"] == [{"event": "Lower", "transition": "lower", "answer": True}]
