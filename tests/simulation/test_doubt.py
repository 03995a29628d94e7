"""A commit that is not what it is told to be: written, and reported as failed; or believed, and not written."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import anyio
import pytest

from fsm import FsmError, Orchestrator
from fsm.errors import EventError, StoreError
from fsm.ports.store import Commit, Verdict
from persistence import SQLStore
from persistence.databases.link import Link
from tests.fsm.runtime.desk import Add, Counter
from tests.simulation.accounts import EVENTS, Account, Booking, Clerks, Desk, Piece
from tests.simulation.audit import Books, Sent, audit

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

Lie = Literal["failed", "believed"]


class Doubtful(SQLStore):
    """A file one of whose commits is not what it is told to be."""

    def __init__(self, path: Path, lie: Lie, number: int) -> None:
        super().__init__(path, synchronous="NORMAL", thread=False)
        self.lie, self.number, self.count = lie, number, 0

    def _write(self, link: Link, batch: Sequence[Commit]) -> list[Verdict]:
        self.count += 1
        if self.count != self.number:
            return super()._write(link, batch)
        if self.lie == "failed":
            super()._write(link, batch)
            raise StoreError("the answer of the disk was lost")
        return [Verdict.COMMITTED] * len(batch)


async def insist(orchestrator: Orchestrator, event: Booking) -> None:
    """Send an event until there is an answer."""
    with anyio.fail_after(5):
        while True:
            try:
                for id in "ab":
                    await orchestrator.start(Account, id=id)
                await orchestrator.get("a", Account).send(event, key=event.tag, timeout=0.2)
                return
            except EventError:
                return
            except FsmError:
                await anyio.sleep(0.005)


async def lived(folder: Path, lie: Lie, number: int) -> tuple[int, list[str]]:
    """How many commits there were, and what is wrong at last. Everything is sent once more after a restart."""
    books, services = Books(), {Desk: Clerks(folder / "ledger-1")}
    books.sent |= {event.tag: Sent("a", event) for event in EVENTS}
    doubtful = Doubtful(folder / "fsm.db", lie, number)
    async with Orchestrator(doubtful, [Account, Piece], services, drain_seconds=1) as orchestrator:
        for event in EVENTS:
            await insist(orchestrator, event)
        with anyio.move_on_after(0.05):
            while await doubtful.waking(["Account", "Piece"]):
                await anyio.sleep(0.005)
    store = SQLStore(folder / "fsm.db", synchronous="NORMAL", thread=False)
    async with Orchestrator(store, [Account, Piece], services) as orchestrator:
        for event in EVENTS:
            await insist(orchestrator, event)
            with suppress(FsmError):
                await orchestrator.get("a", Account).send(event, key=event.tag)
        with anyio.fail_after(5):
            while await store.waking(["Account", "Piece"]):
                await anyio.sleep(0.005)
        books.read_ledgers(folder)
        wrong = await audit(store, books)
    # An event whose acceptance was only believed is accepted again, and then it has another name for the services.
    known = ("never answered", "was done with the keys" if lie == "believed" else "never answered")
    return doubtful.count, [text for text in wrong if not any(sign in text for sign in known)]


@pytest.mark.parametrize("lie", ["failed", "believed"])
async def test_every_commit_may_lie_and_the_next_compare_and_set_finds_out(tmp_path: Path, lie: Lie) -> None:
    def folder(number: int) -> Path:
        made = tmp_path / str(number)
        made.mkdir()
        return made

    commits, wrong = await lived(folder(0), lie, 0)
    assert (commits > 15, wrong) == (True, [])
    for number in range(1, commits + 1):
        assert (number, (await lived(folder(number), lie, number))[1]) == (number, [])


async def test_whoever_is_sent_something_by_a_commit_in_doubt_takes_it_in_the_same_life(tmp_path: Path) -> None:
    for number in range(1, 25):
        path = tmp_path / f"{number}.db"
        services = {Desk: Clerks(tmp_path / f"ledger-{number}")}
        store = Doubtful(path, "failed", number)
        async with Orchestrator(store, [Account, Piece], services) as orchestrator:
            for event in EVENTS:
                await insist(orchestrator, event)
            with anyio.fail_after(5):
                while await store.waking(["Account", "Piece"]):
                    await anyio.sleep(0.005)


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("key", [None, "k"])
async def test_an_event_whose_commit_is_reported_as_failed_is_applied_once(
    tmp_path: Path, number: int, key: str | None
) -> None:
    store = Doubtful(tmp_path / "fsm.db", "failed", number)
    async with Orchestrator(store, [Counter]) as orchestrator:
        with suppress(StoreError):
            await orchestrator.start(Counter, id="a")
        counter = await orchestrator.start(Counter, id="a")
        for by in (1, 10, 100):
            with suppress(StoreError), anyio.fail_after(3):
                await counter.send(Add(by=by), None if key is None else f"{key}{by}")
        snapshot, causes = await counter.snapshot(), [entry.cause for entry in await counter.history()]
        assert (snapshot.context.n, snapshot.seq, len(set(causes))) == (111, 4, 4)
