"""What handlers tell the view, and what they let out."""

from __future__ import annotations

import pytest

from fsm.engines.restate.book import Book
from fsm.engines.restate.handlers import Handlers, show
from fsm.engines.restate.sdk import Sdk
from fsm.engines.restate.steps import Cancelled, Interrupted
from fsm.errors import StoreError
from fsm.ports.store import Commit, Record
from fsm.runtime.fleet import Fleet
from persistence import MemoryStore

pytestmark = pytest.mark.anyio
RECORD = Record("A", "M", "1", "d", "running", 0, "[]", "{}", b"{}")


async def test_the_view_is_told_once_however_often_it_is_tried() -> None:
    view, book = MemoryStore(), Book("A", None)
    await view.open(owner=True)
    await book.commit([Commit("A", started=[RECORD])])
    book.record = RECORD
    shown = book.close()
    for _ in range(2):
        await show(view, shown)
    loaded = await view.load("A")
    assert loaded is not None
    assert loaded.record.fence == 1


async def test_a_view_that_misses_something_is_told_of() -> None:
    view, book = MemoryStore(), Book("A", None)
    await view.open(owner=True)
    book.record = RECORD
    with pytest.raises(StoreError, match="does not follow 'A'"):
        await show(view, book.close())


def test_the_sdk_hears_what_it_needs_whatever_task_groups_have_made_of_it() -> None:
    sdk = Sdk()
    handlers = Handlers("t", Fleet(MemoryStore(), [], {}), sdk)
    gone = sdk.heard[2]()
    interrupted = Interrupted("gone")
    interrupted.__cause__ = gone
    group = BaseExceptionGroup("several", [ValueError("x"), BaseExceptionGroup("inner", [interrupted])])
    assert handlers._heard(group) is gone
    assert isinstance(handlers._heard(Cancelled("cancelled")), sdk.terminal)
    only = BaseExceptionGroup("ours", [KeyboardInterrupt()])
    assert handlers._heard(only) is only
