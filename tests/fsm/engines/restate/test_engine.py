"""The engine on Restate: what it refuses, and what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from fsm.engines import open_engine
from fsm.errors import EngineUnfit, EngineUnreachable, MachineUnknown, StoreUnsuitable
from persistence import open_store
from tests.engines.asked import Asked
from tests.engines.hosts import Host
from tests.engines.shop import Bank, Ledger, Note, Shop

URL = "restate+http://127.0.0.1:9?view=memory://"
pytestmark = pytest.mark.anyio


def test_machines_and_options_that_it_cannot_have_are_refused_before_anything_begins() -> None:
    with pytest.raises(EngineUnfit) as refused:
        open_engine(URL, [Shop], schedules=[], lease_seconds=3)
    assert [problem.split()[0] for problem in refused.value.problems] == ["lease_seconds=", "schedules="]


async def test_what_it_has_not_got_says_so(host: Host) -> None:
    async with host.engine() as engine:
        with pytest.raises(EngineUnfit, match="schedules"):
            engine.schedules  # type: ignore[attr-defined]  # noqa: B018
        with pytest.raises(EngineUnfit, match="rewound"):
            await engine.rewind("A", at=1, by="ann", reason="")  # type: ignore[attr-defined]
        with pytest.raises(EngineUnfit, match="forked"):
            await engine.fork("A", "B")  # type: ignore[attr-defined]
        with pytest.raises(MachineUnknown):
            await engine.start(Asked)


def test_it_runs_on_asyncio_only() -> None:
    async def enter() -> None:
        async with open_engine(URL):
            pass

    with pytest.raises(EngineUnfit, match="not on trio"):
        trio.run(enter)


async def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(EngineUnreachable, match="does not answer"):
        async with open_engine(URL + "&admin=http://127.0.0.1:9&listen=127.0.0.1:0"):
            pass


async def test_nobody_else_runs_what_its_view_shows(host: Host) -> None:
    async with host.engine() as engine:
        await engine.start(Shop, id="A")
        view = host.url.partition("view=")[2]
        with pytest.raises(StoreUnsuitable, match="Restate at"):
            async with open_engine(view, [Shop], {Bank: Ledger(host.folder)}):
                pass
        store = open_store(view)
        await store.open(owner=False)
        assert [record.id for record in await store.find()] == ["A"]
        await store.close()


async def test_a_store_that_workers_run_becomes_nobodys_view(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/fsm.db"
    url = f"restate+http://127.0.0.1:9?view={store}"
    async with open_engine(store, [Shop], {Bank: Ledger(tmp_path)}) as embedded:
        await embedded.start(Shop, id="A")
        with pytest.raises(StoreUnsuitable, match=r"fsm\.db cannot be the view of Restate at http://127.*fsm move"):
            async with open_engine(url, [Shop], {Bank: Ledger(tmp_path)}):
                pass
        await embedded.get("A").send(Note(n=1))
    async with open_engine(store, [Shop], {Bank: Ledger(tmp_path)}) as embedded:
        await embedded.get("A").send(Note(n=2))
    async with open_engine(url, [Shop], {Bank: Ledger(tmp_path)}) as engine:
        assert [record.id for record in await engine.find()] == ["A"]
