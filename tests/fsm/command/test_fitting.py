"""`fsm check --store` says before a deploy which instances go on with the classes."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from fsm import Orchestrator
from fsm.cli import application
from fsm.command import fitting as command
from fsm.command.fitting import fitting
from fsm.ports.store import Store
from persistence import open_store
from tests.fsm.runtime.editions import Desk, First, Second, Strange, Wider

EDITIONS = "tests.fsm.runtime.editions"


class Silent:
    """Never answers within the test."""

    async def ask(self, what: str) -> str:
        """Answer."""
        return what


async def filled(url: str) -> None:
    """Three instances of the first edition, one of the second."""
    async with Orchestrator(open_store(url), [First], {Desk: Silent()}) as old:
        for number in range(3):
            await old.start(First, id=f"old{number}")
        await old.start(First, id="gone")
        await old.cancel("gone")
    async with Orchestrator(open_store(url), [Second], {Desk: Silent()}) as new:
        await new.start(Second, Second.__chart__.context(euros=1.0), id="new")


async def looking(url: str) -> Store:
    """The store, open for reading."""
    store = open_store(url)
    await store.open(owner=False)
    return store


@pytest.mark.anyio
async def test_instances_fit_migrate_or_are_stuck_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PAGE", 2)
    url = f"sqlite:///{tmp_path / 'fsm.db'}"
    await filled(url)
    store = await looking(url)
    before = await store.find()
    to_second, strange, first = [await fitting(store, machine) for machine in (Second, Strange, First)]
    assert to_second.lines() == [
        "Order 2: 1 fit, 3 migrate, 0 stuck",
        "  migrate from 1 to 2: old0, old1, old2",
    ]
    assert (strange.fits, sum(s.count for s in strange.stuck.values())) == (0, 4)
    assert "names the state 'Cart', which this class does not have as a leaf" in strange.lines()[1]
    assert first.data()["stuck"] == [{"version": "2", "reason": "this class is older", "count": 1, "first": ["new"]}]
    wider = await fitting(store, Wider)
    assert (wider.fits, wider.data()["stuck"][0]["first"]) == (3, ["new"])
    assert await store.find() == before
    await store.close()


@pytest.mark.anyio
async def test_only_the_first_of_many_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "FIRST", 1)
    url = f"sqlite:///{tmp_path / 'fsm.db'}"
    await filled(url)
    store = await looking(url)
    assert (await fitting(store, Second)).lines()[1] == "  migrate from 1 to 2: old0 and 2 more"
    await store.close()


def test_the_command_fails_when_some_are_stuck(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fsm.db'}"
    anyio.run(filled, url)
    run = CliRunner().invoke
    good = run(application(), ["check", f"{EDITIONS}:Second", "--store", url])
    assert good.exit_code == 0, good.output
    assert "Order 2: 1 fit, 3 migrate, 0 stuck" in good.output
    bad = run(application(), ["check", f"{EDITIONS}:Strange", "--store", url, "--json"])
    assert bad.exit_code == 1
    (row,) = json.loads(bad.stdout)
    assert (row["ok"], row["instances"]["fits"], len(row["instances"]["stuck"])) == (True, 0, 2)
    missing = run(application(), ["check", f"{EDITIONS}:Second", "--store", f"sqlite:///{tmp_path / 'none.db'}"])
    assert missing.exit_code == 2
