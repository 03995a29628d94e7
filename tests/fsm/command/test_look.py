"""`fsm show` tells how far the invokes of an instance have come, `fsm history` what failed and why."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from fsm import Context, Failed, Final, Orchestrator, State, StateMachine, invoke
from fsm.cli import application
from fsm.core.progress import progress_text
from fsm.ports.store import Commit, Effect
from fsm.saga import compensate
from persistence import SQLStore, open_store
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


class Web:
    async def forget(self, url: str) -> None: ...

    async def get(self, url: str) -> str:
        if url.endswith("x"):
            raise LookupError(url)
        return url


class Sites(Context):
    urls: list[str] = ["/a", "/b", "/x"]


class Reading(StateMachine[Sites]):
    web: Web

    class Opening(State, initial=True): ...

    class Fetching(State): ...

    class Undoing(State): ...

    class Broken(Final): ...

    @invoke(Opening)
    async def open(self) -> str:
        return await self.web.get("/login")

    @open.undo
    async def close(self) -> None:
        await self.web.forget("/login")

    opened = open.done(to=Fetching)

    def urls(self) -> list[str]:
        return self.ctx.urls

    @invoke(Fetching, each=urls, limit=1)
    async def fetch(self, url: str) -> str:
        return await self.web.get(url)

    @fetch.failed(to=Undoing)
    def note(self, ev: Failed) -> None: ...

    undo = compensate(Undoing)
    undone = undo.done(to=Broken)


def test_history_names_what_failed_and_counts_calls_that_are_alike(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'sites.db'}"

    async def fail() -> None:
        async with Orchestrator(open_store(url), machines=[Reading], services={Web: Web()}) as orchestrator:
            await (await orchestrator.start(Reading, id="r")).result(timeout=30)

    anyio.run(fail)
    said = CliRunner().invoke(application(), ["history", "r", "--store", url]).stdout
    assert "error.invoke.fetch: LookupError" in said
    assert " 2 of web.get, web.get failed: LookupError " in said
    assert " web.forget " in said
    assert "each" not in said
