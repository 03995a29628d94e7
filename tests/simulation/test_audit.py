"""The audit is no judge that always acquits: without the fence it finds what two workers did, and every tampering."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from fsm import Orchestrator
from fsm.ports.store import Commit, Store, Verdict
from persistence import MemoryStore, SQLStore
from tests.fsm.runtime.desk import until
from tests.simulation.accounts import EVENTS, Account, Booking, Clerks, Desk, Piece, Put
from tests.simulation.audit import Books, Sent, audit

pytestmark = pytest.mark.anyio

# ---- two workers, one turn


class Credulous(MemoryStore):
    """Believes everybody: it asks neither for the fence, nor which turn was read, nor whether an event is open."""

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write whatever is said."""
        for commit in batch:
            self._believe(commit)
        return super().commit_now(batch)

    def _believe(self, commit: Commit) -> None:
        now = self._records.get(commit.instance)
        if now is None or commit.create:
            return
        commit.settled = [row for row in commit.settled if row.state != "consumed" or self._is_open_row(row.ref)]
        commit.fence = now.fence
        if commit.seq is not None and commit.record is not None:
            later = now.seq - commit.seq
            commit.seq, commit.record = now.seq, replace(commit.record, seq=commit.record.seq + later, fence=now.fence)
            commit.entry = commit.entry and replace(commit.entry, seq=commit.entry.seq + later)


class Slow(Clerks):
    """Keeps one worker at the desk until the other one has gone on."""

    def __init__(self, ledger: Path) -> None:
        super().__init__(ledger)
        self.arrived, self.go = anyio.Event(), anyio.Event()

    async def book(self, tag: str, amount: int) -> int:
        self.arrived.set()
        await self.go.wait()
        return await super().book(tag, amount)


async def wrong_after_a_freeze(store: Store, folder: Path) -> list[str]:
    """One worker is held in a turn for longer than its lease; another one goes on; the first one wakes up."""
    slow, books = Slow(folder / "ledger-1"), Books()
    first, second = Put(tag="e0", amount=5), Put(tag="e1", amount=7)
    books.sent |= {event.tag: Sent("a", event) for event in (first, second)}
    one = Orchestrator(store, [Account, Piece], {Desk: slow})
    two = Orchestrator(store, [Account, Piece], {Desk: Clerks(folder / "ledger-2")})

    async def send(by: Orchestrator, event: Put) -> None:
        step = await by.get("a", Account).send(event, key=event.tag, timeout=5)
        books.answers[event.tag].append([step.seq, list(step.transitions)])

    async with one, two, anyio.create_task_group() as group:
        await one.start(Account, id="a")
        group.start_soon(send, one, first)
        await slow.arrived.wait()
        await store.bury(one._fleet.claims.worker)
        await until(lambda: two._fleet.claims.mine == {"a"})
        await send(two, first)
        await send(two, second)
        slow.go.set()
    await store.open(owner=False)
    books.read_ledgers(folder)
    found = await audit(store, books)
    await store.close()
    return found


async def test_a_worker_that_wakes_up_changes_nothing(tmp_path: Path) -> None:
    assert await wrong_after_a_freeze(MemoryStore(), tmp_path) == []


async def test_without_the_fence_the_audit_finds_that_it_did(tmp_path: Path) -> None:
    found = "\n".join(await wrong_after_a_freeze(Credulous(), tmp_path))
    assert "has 2 turns" in found
    assert "a: has 5, should have 12" in found
    assert "applied too often {'e0': 1}" in found


# ---- every tampering


def sql(statement: str) -> Callable[[Path, Books], None]:
    """Change the rows."""

    def tamper(file: Path, books: Books) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            assert connection.execute(statement).rowcount > 0

    return tamper


def ledger(*lines: dict[str, str]) -> Callable[[Path, Books], None]:
    """Add to the ledger."""
    return lambda file, books: books.ledger.extend(lines)


def forget(file: Path, books: Books) -> None:
    """Lose what the desk did for an event."""
    books.ledger[:] = [line for line in books.ledger if line["tag"] != "e3"]


def contradict(file: Path, books: Books) -> None:
    """Answer the same event with something else."""
    books.answers["e0"].append("something else")


def leave_unanswered(file: Path, books: Books) -> None:
    """Never answer."""
    del books.answers["e0"]


HARMS = {
    "the journal has the turns": sql("DELETE FROM transition WHERE instance = 'a' AND seq = 3"),
    "has 2 turns": sql("UPDATE transition SET cause = 'start@a' WHERE instance = 'a' AND seq = 3"),
    "which was not active": sql("UPDATE transition SET steps = '[]' WHERE event = 'Tagged.Labour'"),
    "the row stands in": sql("UPDATE instance SET config = '[\"Life.Till.Open\"]' WHERE id = 'a'"),
    "active regions instead of": sql("UPDATE instance SET config = '[\"Life.Till.Open\"]' WHERE id = 'b'"),
    "left over are": sql("UPDATE inbox SET state = 'waiting' WHERE name = 'Tagged.Put' AND key = 'e0'"),
    "should have": sql("UPDATE instance SET context = replace(context, '\"total\":', '\"total\":1') WHERE id = 'b'"),
    "not what its journal makes": sql("UPDATE transition SET payload = '{\"tag\":\"x\"}' WHERE event = 'Tagged.Hire'"),
    "names the turn": sql("UPDATE inbox SET outcome = '{\"seq\":1}' WHERE key = 'e0'"),
    "was not refused": sql("UPDATE inbox SET outcome = '{\"seq\":1}' WHERE key = 'e1'"),
    "never begun": sql("DELETE FROM instance WHERE id = 'b'"),
    "was done with the keys": ledger({"at": "ended", "method": "book", "tag": "e0", "key": "another"}),
    "though nobody asked": ledger({"at": "begun", "method": "book", "tag": "e1", "key": "another"}),
    "was never done": forget,
    "answered differently": contradict,
    "never answered": leave_unanswered,
}


async def quiet_life(file: Path, folder: Path) -> Books:
    """Two accounts to whom nothing bad happens."""
    books = Books()
    store = SQLStore(file, synchronous="NORMAL")
    async with Orchestrator(store, [Account, Piece], {Desk: Clerks(folder / "ledger-1")}) as orchestrator:
        account, _ = [await orchestrator.start(Account, id=id) for id in "ab"]
        for event in EVENTS:
            books.sent[event.tag] = Sent("a", event)
            await _send(orchestrator, books, event)
        with anyio.fail_after(5):
            while (await account.snapshot()).context.total != 5 - 2 + 3 + 4 + 1:
                await anyio.sleep(0.01)
            while await store.waking(["Account", "Piece"]):
                await anyio.sleep(0.01)
    books.read_ledgers(folder)
    return books


async def _send(orchestrator: Orchestrator, books: Books, event: Booking) -> None:
    try:
        step = await orchestrator.get("a", Account).send(event, key=event.tag)
        books.answers[event.tag].append(json.dumps([step.seq, list(step.transitions)]))
    except Exception as problem:
        books.answers[event.tag].append(str(problem))


async def wrong_with(file: Path, books: Books) -> list[str]:
    """What the audit says of a file."""
    store = SQLStore(file, synchronous="NORMAL")
    await store.open(owner=False)
    found = await audit(store, books)
    await store.close()
    return found


async def test_a_quiet_life_is_acquitted(tmp_path: Path) -> None:
    books = await quiet_life(tmp_path / "fsm.db", tmp_path)
    assert await wrong_with(tmp_path / "fsm.db", books) == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("sign", HARMS)
async def test_every_harm_is_found(sign: str, tmp_path: Path) -> None:
    file = tmp_path / "fsm.db"
    books = await quiet_life(file, tmp_path)
    HARMS[sign](file, books)
    assert sign in "\n".join(await wrong_with(file, books))
