"""Looking back from the command line, without any class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsm import Orchestrator
from persistence import SQLStore
from tests.fsm.command.test_steer import fsm
from tests.fsm.runtime.desk import Add, Counter, Lower, until_async

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


async def test_an_instance_is_rewound_and_forked_by_a_worker(path: Path) -> None:
    code, said = await fsm("rewind", "a", "--at", "2", "--by", "ada", "--reason", "typo", path=path)
    assert (code, said) == (0, "accepted: a goes back to turn 2 by the worker that runs it\n")
    code, said = await fsm("fork", "a", "b", "--at", "1", path=path)
    assert (code, said) == (0, "accepted: b goes on from turn 1 of a, begun by a worker\n")
    assert "exists already" in (await fsm("fork", "a", "b", "--at", "2", path=path))[1]
    async with Orchestrator(SQLStore(path), [Counter]) as orchestrator:

        async def there() -> bool:
            return [row.seq for row in await orchestrator.find()] == [4, 1]

        await until_async(there)
        assert [(await orchestrator.get(id).snapshot()).context.n for id in ("a", "b")] == [3, 0]
        assert (await orchestrator.get("a").history())[-1].payload == {"at": 2, "by": "ada", "reason": "typo"}
        await orchestrator.cancel("a")
    code, said = await fsm("rewind", "a", "--at", "2", "--by", "ada", "--reason", "typo", path=path)
    assert code == 1
    assert "fsm fork a NEW --at 2" in said
    code, said = await fsm("fork", "a", "c", path=path)
    assert code == 1
    assert "was cancelled after turn 5" in said
