"""Workers are killed and frozen at random while clients ask them: nothing is lost, nothing is done twice."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from persistence import open_store
from tests.persistence.conftest import postgres, postgres_server
from tests.simulation.accounts import Put
from tests.simulation.audit import Sent, audit
from tests.simulation.nemesis import campaign

__all__ = ["postgres", "postgres_server"]

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The clients' own; the workers run on both."""
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that workers can share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fsm.db'}?synchronous=NORMAL"
    found: str = request.getfixturevalue("postgres")
    return found


async def wrong_after(url: str, folder: Path, seed: int, *, events: int, harms: int, accounts: int = 12) -> list[str]:
    """What is wrong after so many events and harms."""
    names = [f"account-{n}" for n in range(accounts)]
    async with campaign(url, folder, seed) as nemesis:
        await nemesis.start(names)
        async with anyio.create_task_group() as group:
            group.start_soon(nemesis.send, events, names)
            group.start_soon(nemesis.harm, events, harms)
        await nemesis.repeat(events // 10)
        store = open_store(url)
        await store.open(owner=False)
        try:
            await nemesis.rest(store)
            nemesis.books.read_ledgers(folder)
            assert nemesis.harms.count("kill") + nemesis.harms.count("freeze") == harms
            assert any(len(told) > 1 for told in nemesis.books.answers.values())
            return [*await audit(store, nemesis.books), *nemesis.unexpected]
        finally:
            await store.close()


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True)
async def test_what_a_killed_and_a_frozen_worker_had_goes_on_elsewhere_soon_after_its_lease(
    url: str, tmp_path: Path
) -> None:
    async with campaign(url, tmp_path, seed=1, lease=1.0, workers=2) as nemesis:
        harmed, other = nemesis.places
        store = open_store(url)
        await store.open(owner=False)
        for number, harm in enumerate((nemesis.kill, nemesis.freeze)):
            await harmed.ready.wait()
            await nemesis.ask(f"start {number}", f"account-{number}", None, harmed)
            event = Put(tag=f"e{number}", amount=1)
            nemesis.books.sent[event.tag] = Sent(f"account-{number}", event)
            async with anyio.create_task_group() as group:
                group.start_soon(harm, harmed)
                with anyio.fail_after(3 * nemesis.lease):
                    await nemesis.ask(event.tag, f"account-{number}", event, other)
        await nemesis.rest(store)
        nemesis.books.read_ledgers(tmp_path)
        assert await audit(store, nemesis.books) == []
        await store.close()


async def test_nothing_is_lost_or_done_twice_while_workers_are_killed_and_frozen(url: str, tmp_path: Path) -> None:
    with anyio.fail_after(60):
        assert await wrong_after(url, tmp_path, seed=1, events=120, harms=2) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
async def test_thousands_of_events_survive_dozens_of_harms(url: str, tmp_path: Path, seed: int) -> None:
    with anyio.fail_after(600):
        assert await wrong_after(url, tmp_path, seed, events=3000, harms=30, accounts=40) == []
