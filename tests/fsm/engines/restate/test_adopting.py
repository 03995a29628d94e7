"""What another engine has left."""

from __future__ import annotations

from fsm.engines.restate.adopting import state_of
from fsm.engines.restate.book import Book
from fsm.engines.restate.packing import text_of
from fsm.ports.attempt import Attempt
from fsm.ports.store import Accepted, CallRow, Effect, Incident, Loaded, Record, Timer

RECORD = Record("A", "M", "1", "d", "parked", 1, "[]", "{}", b"{}")


def test_an_object_gets_all_that_is_open_and_the_calls_of_open_causes_alone() -> None:
    loaded = Loaded(
        RECORD,
        [Accepted("A", "r", "E", "{}")],
        [Timer("A", "t", 1, 2.0)],
        [Effect("A", "e", 2, b"{}", "{}")],
        Incident("A", "K", "why", "event:x", "E", 1, 2.0),
    )
    causes = ["r", "timer:t#1", "invoke:e#2", "event:x", "undo", "over", "invoke:e#1"]
    calls = [CallRow("A", cause, "m", "d", 0, '{"ok":1}') for cause in causes]
    tries = [Attempt("A", cause, "m", "d", 0, 1, "m", "{}") for cause in causes]
    book = Book("A", text_of(state_of(loaded, calls, tries)))
    assert (book.record, list(book.inbox), book.timers, book.effects) == (RECORD, ["r"], loaded.timers, loaded.effects)
    assert [call.cause for call in book.recorded] == causes[:5]
    assert [attempt.cause for attempt in book.tries] == causes[:5]
    assert book.incident == loaded.incident


def test_what_is_well_has_no_incident() -> None:
    assert "incident" not in state_of(Loaded(RECORD), [], [])
