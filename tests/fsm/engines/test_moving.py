"""A running fleet moves from one engine to the next, with everything that is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from fsm.engines import Engine, moving
from fsm.engines.moving import move
from fsm.errors import EngineUnreachable, InstanceParked, StoreUnsuitable, StoreUrlInvalid
from fsm.ports.engine import VIEW
from fsm.ports.store import Commit, Definition
from persistence import SQLStore
from tests.engines.hosts import Host, restate_url, until
from tests.engines.shop import Early, End, Fetch, Note, Pay, Rest, Shop
from tests.persistence import server
from tests.restate import Node

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Restate's SDK runs on asyncio."""
    return "asyncio"


@pytest.fixture
def stations(postgres_server: str, restate_server: Node, tmp_path: Path) -> Iterator[list[Host]]:
    """SQLite, PostgreSQL and Restate, all empty."""
    server.empty(postgres_server)
    made = [
        Host("sqlite", f"sqlite:///{tmp_path}/fsm.db?synchronous=NORMAL", tmp_path),
        Host("postgresql", postgres_server.replace("postgresql://", "postgresql+psycopg://"), tmp_path),
        Host("restate", restate_url(restate_server, tmp_path), tmp_path),
    ]
    yield made
    for host in made:
        host.close()


async def test_everything_that_is_open_goes_on_at_the_next_place(stations: list[Host]) -> None:
    sqlite, postgres, restate = stations
    async with sqlite.engine() as engine:
        await _begin(engine, sqlite)
    assert await move(sqlite.url, postgres.url) == 5
    async with postgres.engine() as engine:
        await _go_on(engine, postgres, "one")
        await _begin(engine, postgres, "two-")
    with pytest.raises(EngineUnreachable, match="fsm serve"):
        await move(postgres.url, restate.url)
    async with postgres.engine() as engine:  # nothing was closed
        assert await engine.find(limit=1)
    async with restate.engine() as engine:
        assert await move(postgres.url, restate.url) == 10
        with anyio.fail_after(20):
            while (await engine.get("two-A").snapshot()).context.seen != [1]:
                await anyio.sleep(0.02)
        await _go_on(engine, restate, "two", "two-")
        assert await engine.get("E").result(timeout=10) == 4
        assert len(await engine.find(machine=Shop, limit=100)) == 10


async def test_nobody_runs_the_instances_at_the_old_place_any_more(stations: list[Host]) -> None:
    sqlite, postgres, _ = stations
    async with sqlite.engine() as engine:
        await engine.start(Shop, id="A")
        with pytest.raises(StoreUnsuitable, match="Stop the workers"):
            await move(sqlite.url, postgres.url)
    await move(sqlite.url, postgres.url)
    with pytest.raises(StoreUnsuitable, match="nobody else may run it"):
        async with sqlite.engine():
            pass
    with pytest.raises(StoreUnsuitable, match="move from there"):
        await move(sqlite.url, stations[2].url)
    assert await move(sqlite.url, postgres.url) == 1  # once more is no harm
    async with postgres.engine() as engine:
        await engine.get("A").send(Note())


async def test_a_move_that_cannot_be_leaves_the_fleet_where_it_is(stations: list[Host], tmp_path: Path) -> None:
    sqlite, postgres, _ = stations
    async with sqlite.engine() as engine:
        await engine.start(Shop, id="A")
    async with postgres.engine() as engine:
        await engine.start(Shop, id="B")
    view = SQLStore(tmp_path / "other.db")
    await view.open(owner=True)
    await view.commit([Commit(VIEW, definitions=[Definition(VIEW, "", "Restate at http://r:8080, fsm")])])
    await view.close()
    for target, problem, told in (
        (sqlite.url, StoreUnsuitable, "same store"),
        (postgres.url, StoreUnsuitable, "has instances already"),
        (f"sqlite:///{tmp_path}/other.db", StoreUnsuitable, "shows what Restate at http://r:8080, fsm runs"),
        (f"sqlite:///{tmp_path}/none/b.db", StoreUnsuitable, "does not exist"),
        ("mysql://db/b", StoreUrlInvalid, "no store speaks"),
        ("memory://", StoreUnsuitable, "inside one process"),
        (
            f"restate+http://127.0.0.1:9?view=sqlite:///{tmp_path}/v.db&admin=http://127.0.0.1:9",
            EngineUnreachable,
            "admin=",
        ),
    ):
        with pytest.raises(problem, match=told):
            await move(sqlite.url, target)
    with pytest.raises(StoreUnsuitable, match="no store at"):
        await move(f"sqlite:///{tmp_path}/typo.db", f"sqlite:///{tmp_path}/b.db")
    assert not (tmp_path / "typo.db").exists()
    async with sqlite.engine() as engine:
        await engine.get("A").send(Note())


async def test_a_move_that_was_cut_short_goes_on_when_it_is_asked_for_again(stations: list[Host]) -> None:
    sqlite, postgres, _ = stations
    async with sqlite.engine() as engine:
        await engine.start(Shop, id="A")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving, "copy", interrupted)
        with pytest.raises(KeyboardInterrupt):
            await move(sqlite.url, postgres.url)
    with pytest.raises(StoreUnsuitable, match="nobody else may run it"):
        async with sqlite.engine():
            pass
    for _ in range(2):
        assert await move(sqlite.url, postgres.url) == 1
    async with postgres.engine() as engine:
        await engine.get("A").send(Note())


def interrupted(*given: object, **more: object) -> None:
    raise KeyboardInterrupt


async def _begin(engine: Engine, host: Host, prefix: str = "") -> None:
    """Instances in every kind of waiting."""
    waiting = await engine.start(Shop, id=f"{prefix}A")
    await waiting.send(Note(n=1), key="k")
    resting = await engine.start(Shop, id=f"{prefix}B")
    await resting.send(Rest())
    fetching = await engine.start(Shop, id=f"{prefix}C")
    begun = len(host.ledger.lines("fetch begins"))
    host.ledger.slow = 0.0
    await fetching.send(Fetch(what="long"))
    await until(lambda: len(host.ledger.lines("fetch begins")) > begun)
    parked = await engine.start(Shop, id=f"{prefix}D")
    with pytest.raises(InstanceParked):
        await parked.send(Pay(amount=66))
    over = await engine.start(Shop, id=f"{prefix}E")
    await over.send(Early(), wait="accepted")  # is deferred for ever
    await over.send(Note(n=4))
    await over.send(End())


async def _go_on(engine: Engine, host: Host, code: str, prefix: str = "") -> None:
    """What waited is done, and done once."""
    with anyio.fail_after(20):
        assert (await engine.get(f"{prefix}A").send(Note(n=1), key="k")).seq == 2
        await engine.get(f"{prefix}A").send(Note(n=1), key=code)
        assert (await engine.get(f"{prefix}A").snapshot()).context.seen == [1, 1]
        while (await engine.get(f"{prefix}B").snapshot()).context.fired != 1:
            await anyio.sleep(0.02)
        while len(host.ledger.lines("fetch begins", f"{prefix}C")) < 2:
            await anyio.sleep(0.02)
        keys = {line["key"] for line in host.ledger.lines("fetch begins", f"{prefix}C")}
        assert len(keys) == 1
        parked = engine.get(f"{prefix}D")
        assert (await engine.health()).parked[-1] == f"{prefix}D"
        await engine.skip(f"{prefix}D", by="ann")
        await parked.send(Note(n=2))
        assert (await parked.snapshot()).context.seen == [2]
        assert len(host.ledger.lines("trusts", f"{prefix}D")) == 1
        assert await engine.get(f"{prefix}E").result() == 4
