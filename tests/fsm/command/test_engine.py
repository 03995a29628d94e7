"""`fsm serve --engine` and `fsm move`, as processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from fsm import Orchestrator
from fsm.cli import application
from fsm.engines import open_engine
from fsm.ports.engine import VIEW
from fsm.ports.store import Commit, Definition
from persistence import SQLStore
from tests.engines.conftest import restate_server
from tests.engines.hosts import ROOT, restate_url, until
from tests.engines.shop import Courier
from tests.fsm.command.test_steer import fsm as tell
from tests.restate import Node

__all__ = ["restate_server"]
COURIER = "tests.engines.shop:Courier"
NOBODY = "restate+http://127.0.0.1:9?view=sqlite:///v.db&admin=http://127.0.0.1:9"


@pytest.fixture
def anyio_backend() -> str:
    """Restate's SDK runs on asyncio."""
    return "asyncio"


def fsm(*arguments: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "fsm", *arguments]


@pytest.fixture
def served(restate_server: Node, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A process that serves the courier."""
    url = restate_url(restate_server, tmp_path)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            fsm("serve", COURIER, "--engine", url), cwd=ROOT, stdout=log, stderr=log, env=environment
        )
    try:
        yield url, process
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.anyio
async def test_it_serves_until_it_is_told_to_stop_and_a_fleet_can_move_there(
    served: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    url, process = served
    await until(lambda: b"serving Courier" in (tmp_path / "log").read_bytes())
    store = f"sqlite:///{tmp_path}/old.db"
    async with open_engine(store, [Courier]) as engine:
        old = await engine.start(Courier, id="old")
        assert await old.result() == "brought "
        await engine.start(Courier, id="open")
    moved = await anyio.to_thread.run_sync(
        lambda: subprocess.run(fsm("move", store, url), cwd=ROOT, capture_output=True, timeout=60, check=False)
    )
    assert moved.stdout.startswith(b"moved 2 instances"), moved.stderr
    async with open_engine(url.partition("&listen")[0] + "&view=" + url.partition("&view=")[2], [Courier]) as engine:
        assert await engine.get("open").result(timeout=20) == "brought "
        assert await engine.get("old").result(timeout=20) == "brought "
    process.send_signal(signal.SIGTERM)
    assert await anyio.to_thread.run_sync(lambda: process.wait(20)) == 0
    assert b"stopped" in (tmp_path / "log").read_bytes()


async def _view(path: Path) -> None:
    """A store that shows what another engine runs, with one instance."""
    store = SQLStore(path, synchronous="NORMAL")
    async with Orchestrator(store, machines=[Courier]) as orchestrator:
        await orchestrator.start(Courier, id="A")
        await store.commit([Commit(VIEW, definitions=[Definition(VIEW, "", "Restate at http://r:8080", 0.0)])])


@pytest.mark.anyio
async def test_nothing_is_told_to_a_store_that_only_shows(tmp_path: Path) -> None:
    path = tmp_path / "view.db"
    await _view(path)
    with sqlite3.connect(path) as rows:
        before = list(rows.iterdump())
    for arguments in (
        ("send", "A", "End"),
        ("cancel", "A"),
        ("terminate", "A"),
        ("rewind", "A", "--at", "1", "--by", "ann", "--reason", "x"),
        ("fork", "A", "B"),
        ("task", "claim", "A/approve.1"),
    ):
        code, said = await tell(*arguments, path=path)
        assert (code, "shows what Restate at http://r:8080 runs" in said) == (1, True), said
    with sqlite3.connect(path) as rows:
        assert list(rows.iterdump()) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", COURIER, "--engine", "sqlite:///a.db"], "--store"),
        (["serve", COURIER, "--engine", "restate+http://127.0.0.1:9?view=sqlite:///v.db"], "listen=HOST:PORT"),
        (["serve", "--engine", "restate+http://127.0.0.1:9?view=sqlite:///v.db&listen=a:1"], "MODULE:CLASS"),
        (["serve", COURIER, "--engine", "", "--store", "sqlite:///a.db"], "'' is not the URL of an engine"),
        (["serve", COURIER, "--engine", "restate+http://"], "where: --engine"),
        (["serve", COURIER, "--engine", "restate+http://127.0.0.1:9?view=v.db&listen=a:1"], "where: view= in --engine"),
        (["serve", COURIER, "--engine", f"{NOBODY}&listen=127.0.0.1:0"], "start it, or correct admin="),
        (
            ["serve", COURIER, "--engine", f"{NOBODY}&listen=a:1", "--schedules", "x:y", "--dashboard"],
            "--schedules, --dash",
        ),
        (["move", "a.db", "sqlite:///b.db"], "where: fsm move FROM TO"),
        (["move", "sqlite:///a.db", "sqlite:///b.db"], "no store at"),
        (["move", "memory://", "sqlite:///b.db"], "inside one process"),
    ],
)
def test_what_cannot_be_served_or_moved_is_told_with_what_to_do(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(application(), arguments)
    assert done.exit_code in (1, 2), done.output
    assert done.stderr.startswith("error: ")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
