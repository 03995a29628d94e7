"""`fsm list` finds instances by key, attribute and tag, and says what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from fsm import Orchestrator
from fsm.cli import application
from fsm.command.target import load_file
from persistence import open_store

CODE = """
from fsm import Context, Event, State, StateMachine, edge
class Go(Event): ...
class Data(Context):
    customer: str = ""
    amount: int = 0
class Sale(StateMachine[Data, Go], search=("customer", "amount")):
    class Open(State, initial=True):
        class Idle(State, initial=True): ...
        class Busy(State, tags=("busy",)): ...
    class Away(State, tags=("busy",)): ...
    go = edge(Go, Open.Idle, to=Open.Busy)
    away = edge(Go, Open.Busy, to=Away)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with sale.py and a store."""
    (tmp_path / "sale.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FSM_STORE", "sqlite:///sales.db")

    async def fill() -> None:
        sale = load_file(tmp_path / "sale.py", "sale.py")
        async with Orchestrator(open_store("sqlite:///sales.db"), machines=[sale.Sale]) as orchestrator:
            first = await orchestrator.start(sale.Sale, sale.Data(customer="c1", amount=30), key="PO-7")
            await orchestrator.start(sale.Sale, sale.Data(customer="c1", amount=31), key="PO-8")
            second = await orchestrator.start(sale.Sale, sale.Data(customer="c2"), id="z")
            for one, times in ((first, 1), (second, 2)):
                for _ in range(times):
                    await one.send(sale.Go())

    anyio.run(fill)
    return tmp_path


def ids(*arguments: str) -> list[str]:
    result = CliRunner().invoke(application(), ["list", *arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    return [row["id"] for row in json.loads(result.stdout)]


def test_list_finds_by_key_attribute_and_tag(folder: Path) -> None:
    assert ids("--machine", "Sale", "--key", "PO-7") == ["Sale:PO-7"]
    assert ids("--attribute", "customer=c1") == ["Sale:PO-7", "Sale:PO-8"]
    assert ids("--attribute", "customer=c1", "--attribute", "amount=31") == ["Sale:PO-8"]
    assert ids("--machine", "sale.py:Sale", "--tag", "busy") == ["Sale:PO-7", "z"]
    assert ids("--machine", "sale.py:Sale", "--tag", "busy", "--state", "Open") == ["Sale:PO-7"]
    assert ids("--machine", "sale.py:Sale", "--tag", "nobody's") == []


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        (("--key", "PO-7"), "add --machine NAME"),
        (("--tag", "busy"), "add --machine MODULE:CLASS"),
        (("--attribute", "customer"), "write NAME=VALUE"),
        (("--status", "odd"), "one of running"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_usage_error(
    folder: Path, arguments: tuple[str, ...], fix: str
) -> None:
    result = CliRunner().invoke(application(), ["list", *arguments])
    assert result.exit_code == 2
    assert fix in result.stderr
