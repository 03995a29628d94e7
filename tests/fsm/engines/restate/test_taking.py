"""One message, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fsm.core.table import codec_of
from fsm.engines.restate.book import Book
from fsm.engines.restate.packing import packed
from fsm.engines.restate.taking import Taking, invoked
from fsm.ports.store import Accepted, Status
from fsm.runtime import outbox
from fsm.runtime.fleet import Fleet
from persistence import MemoryStore
from tests.engines.shop import Bank, Data, Fetch, Ledger, Note, Pay, Rest, Shop
from tests.fsm.engines.restate.scripted import Scripted

pytestmark = pytest.mark.anyio


async def fleet(folder: Path) -> Fleet:
    """What a process knows."""
    view = MemoryStore()
    await view.open(owner=True)
    return Fleet(view, [Shop], {Bank: Ledger(folder)})


async def life(of: Fleet, state: bytes | None, message: dict[str, Any], journal: Any = None) -> tuple[Book, Any]:
    """One handler."""
    book, steps = Book("A", state), Scripted(journal).steps()
    await steps.begin()
    return book, await Taking(of, book, steps).take(message)


def begin() -> dict[str, Any]:
    """The first message."""
    record = outbox.beginning(Shop, "A", codec_of(Shop).encode_context(Data()), 1.0)
    return {"begin": packed(record), "row": packed(Accepted("A", "start@A", "start", "{}", lane="start"))}


def event(one: Any, ref: str = "r") -> dict[str, Any]:
    """An event."""
    return {"row": packed(Accepted("A", ref, type(one).__name__, codec_of(Shop).encode_event(one)))}


async def test_the_same_message_in_a_second_life_gives_the_same_bytes(tmp_path: Path) -> None:
    of = await fleet(tmp_path)
    first, _ = await life(of, None, begin())
    journal: list[Any] = []
    book, told = await life(of, first.state(), event(Pay(amount=5)), journal)
    again, told_again = await life(of, first.state(), event(Pay(amount=5)), list(journal))
    assert (again.state(), told_again) == (book.state(), told)
    assert told == {"ref": "r", "state": "consumed", "outcome": '{"seq":2}'}
    assert len(Ledger(tmp_path).lines("charge")) == 1


async def test_what_comes_before_the_start_waits_for_it(tmp_path: Path) -> None:
    of = await fleet(tmp_path)
    early, told = await life(of, None, event(Note(n=3)))
    assert (told["state"], early.record) == ("waiting", None)
    begun, _ = await life(of, early.state(), begin())
    assert begun.record is not None
    assert (begun.record.seq, b'"seen":[3]' in begun.record.context) == (2, True)


async def test_a_second_start_tells_what_is_there(tmp_path: Path) -> None:
    of = await fleet(tmp_path)
    first, told = await life(of, None, begin())
    second, again = await life(of, first.state(), begin())
    assert told == again
    assert second.commits == []


async def test_a_timer_that_is_not_set_any_more_does_nothing(tmp_path: Path) -> None:
    of = await fleet(tmp_path)
    first, _ = await life(of, None, begin())
    resting, _ = await life(of, first.state(), event(Rest()))
    (timer,) = resting.set
    fired, _ = await life(of, resting.state(), {"timer": packed(timer)})
    late, _ = await life(of, fired.state(), {"timer": packed(timer)})
    assert fired.record is not None
    assert (fired.record.seq, late.commits) == (3, [])


async def test_an_invoke_answers_with_a_message_that_carries_its_calls(tmp_path: Path) -> None:
    of = await fleet(tmp_path)
    first, _ = await life(of, None, begin())
    book, _ = await life(of, first.state(), event(Fetch(what="book")))
    (effect,) = book.begun
    assert book.record is not None
    given = {"record": packed(book.record), "effect": packed(effect), "calls": [], "attempts": []}
    steps = Scripted().steps()
    await steps.begin()
    told = await invoked(of, steps, given)
    assert [call["method"] for call in told["calls"]] == ["bank.fetch"]
    done, answer = await life(of, book.state(), told)
    assert answer["state"] == "consumed"
    assert done.record is not None
    assert b"fetched book" in done.record.context


async def test_an_invoke_that_repeats_otherwise_parks_its_instance(tmp_path: Path) -> None:
    of = await fleet(tmp_path)
    first, _ = await life(of, None, begin())
    book, _ = await life(of, first.state(), event(Fetch(what="book")))
    row = Accepted("A", "result:get#1@A", "error.invoke.get", "{}", lane="event")
    parked, _ = await life(of, book.state(), {"row": packed(row), "fault": "it asked for something else"})
    assert parked.record is not None
    assert parked.incident is not None
    assert (parked.record.status, parked.incident.kind) == (Status.PARKED, "NondeterministicTurn")
