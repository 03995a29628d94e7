"""People work from the command line: it only has the store, whether a worker runs or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsm import Orchestrator
from persistence import SQLStore
from tests.fsm.command.test_steer import fsm
from tests.fsm.runtime.test_people import Loan

pytestmark = pytest.mark.anyio

MACHINE = ("--machine", "tests.fsm.runtime.test_people:Loan")


async def begun(path: Path) -> str:
    """A loan that waits for its review; the id of the task."""
    async with Orchestrator(SQLStore(path, synchronous="NORMAL"), [Loan]) as orchestrator:
        await orchestrator.start(Loan, id="L-1")
        return (await orchestrator.people.tasks())[0].id


async def told(path: Path, *arguments: str) -> list[dict[str, object]]:
    code, said = await fsm("tasks", "--json", *arguments, path=path)
    assert code == 0, said
    found: list[dict[str, object]] = json.loads(said)
    return found


async def test_a_task_is_listed_claimed_handed_on_and_completed(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    task = await begun(path)
    code, said = await fsm("tasks", path=path)
    assert (code, task in said, "credit" in said, "Loan L-1 after 0 refusals" in said) == (0, True, True, True)
    code, said = await fsm("show", "L-1", path=path)
    assert "task       review for credit, due" in said
    assert """'{"approve": boolean, "note"?: string}'""" in said
    assert (await fsm("task", "claim", task, "--by", "ann", path=path)) == (0, f"claimed: {task} by ann\n")
    assert [t["id"] for t in await told(path, "--mine", "--by", "ann")] == [task]
    assert await told(path, "--mine", "--by", "bob") == []
    code, said = await fsm("task", "complete", task, '{"approve": true}', "--by", "bob", *MACHINE, path=path)
    assert (code, "claimed by 'ann'" in said, "TaskTaken" in said) == (1, True, True)
    assert (await fsm("task", "release", task, "--by", "ann", "--reason", "lunch", path=path))[0] == 0
    code, said = await fsm("task", "reassign", task, "--to", "legal", "--by", "boss", path=path)
    assert (code, said) == (0, f"reassigned: {task} by boss, now for legal\n")
    assert await told(path, "--assignee", "credit") == []
    code, said = await fsm("task", "complete", task, '{"approve": true}', "--by", "bob", *MACHINE, path=path)
    assert (code, said) == (0, f"completed: {task} by bob\n")
    (done,) = await told(path, "--status", "completed")
    assert (done["by"], done["answer"], done["overdue"]) == ("bob", {"approve": True, "note": ""}, False)
    assert (await fsm("tasks", path=path)) == (0, "no tasks\n")
    async with Orchestrator(SQLStore(path, synchronous="NORMAL"), [Loan]) as orchestrator:
        assert await orchestrator.get("L-1", Loan).result(timeout=30) == ["yes "]
    assert "done.invoke.review by bob" in (await fsm("history", "L-1", path=path))[1]
    entries = json.loads((await fsm("history", "L-1", "--json", path=path))[1])
    assert [e["actor"] for e in entries] == ["", "bob"]
    assert json.loads((await fsm("show", "L-1", "--json", path=path))[1])["tasks"] == []


async def test_a_wrong_answer_or_deed_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    task = await begun(path)
    for arguments, wanted, says in (
        (("complete", task, '{"approve": true}'), 2, "--machine MODULE:CLASS"),
        (("complete", task, '{"approve": "?"}', *MACHINE), 1, "FormInvalid"),
        (("complete", task, "yes", *MACHINE), 2, "no JSON"),
        (("complete", task, *MACHINE), 2, "fsm task complete TASK"),
        (("reassign", task), 2, "--to NAME"),
        (("claim", task, "{}"), 2, "the filled form is not for claim"),
        (("take", task), 2, "one of claim, complete, release, reassign"),
        (("claim", "L-1/review.99"), 1, "TaskUnknown"),
    ):
        code, said = await fsm("task", *arguments, "--by", "ann", path=path)
        assert (code, says in said) == (wanted, True), said
    assert [t["status"] for t in await told(path)] == ["open"]
