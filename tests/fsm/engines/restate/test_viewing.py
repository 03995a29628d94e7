"""The view: a store that only shows, and that nobody runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.engines import open_engine
from fsm.engines.moving import move
from fsm.errors import EngineUnreachable, StoreUnsuitable
from persistence import open_store
from tests.engines.hosts import Host
from tests.engines.shop import Bank, Ledger, Note, Shop

pytestmark = pytest.mark.anyio


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
    with pytest.raises(StoreUnsuitable, match=r"it has open instances, 'A' for one.*fsm move"):
        async with open_engine(url, [Shop], {Bank: Ledger(tmp_path)}):
            pass
    async with open_engine(store, [Shop], {Bank: Ledger(tmp_path)}) as embedded:
        await embedded.cancel("A", by="ann", reason="the end")
    async with open_engine(url, [Shop], {Bank: Ledger(tmp_path)}) as engine:
        assert [record.id for record in await engine.find()] == ["A"]


async def test_another_name_needs_a_view_of_its_own(host: Host) -> None:
    async with host.engine() as engine:
        await engine.start(Shop, id="A")
        with pytest.raises(StoreUnsuitable, match=r"it shows what Restate at http://.* runs. Name a store of its own"):
            async with open_engine(host.url.replace("name=t", "name=other"), [Shop], {Bank: Ledger(host.folder)}):
                pass


async def test_a_server_that_is_not_there_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/fsm.db"
    url = f"restate+http://127.0.0.1:9?view={store}&admin=http://127.0.0.1:9&listen=127.0.0.1:0"
    with pytest.raises(EngineUnreachable):
        async with open_engine(url, [Shop], {Bank: Ledger(tmp_path)}):
            pass
    async with open_engine(store, [Shop], {Bank: Ledger(tmp_path)}) as embedded:
        await embedded.start(Shop, id="A")


async def test_a_store_whose_instances_were_moved_away_becomes_nobodys_view(tmp_path: Path) -> None:
    left, there = f"sqlite:///{tmp_path}/left.db", f"sqlite:///{tmp_path}/there.db"
    async with open_engine(left, [Shop], {Bank: Ledger(tmp_path)}) as embedded:
        await embedded.start(Shop, id="A")
    await move(left, there)
    with pytest.raises(StoreUnsuitable, match=r"moved to the engine at sqlite:///.*there\.db\. Give that"):
        async with open_engine(f"restate+http://127.0.0.1:9?view={left}", [Shop], {Bank: Ledger(tmp_path)}):
            pass
    assert await move(left, there) == 1  # it still says where they are
