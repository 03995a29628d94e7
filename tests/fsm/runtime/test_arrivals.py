"""What waits in the store becomes work in the order in which it is to be done."""

from __future__ import annotations

from fsm.core.table import codec_of
from fsm.ports.store import Accepted, Loaded, Record, Timer
from fsm.runtime.arrivals import arrivals, deferred
from tests.fsm.runtime.desk import Add, Counter, Errand


def loaded(*found: Accepted | Timer) -> Loaded:
    record = Record("a", "Counter", "1", "d", "running", 1, "[]", "{}", b"{}")
    inbox = [row for row in found if isinstance(row, Accepted)]
    return Loaded(record, inbox, [row for row in found if isinstance(row, Timer)])


def event(ref: str, at: float, **changed: object) -> Accepted:
    return Accepted("a", ref, "Add", '{"by":2}', at=at, n=int(at), **changed)  # type: ignore[arg-type]


def test_events_and_timers_are_merged_by_time_and_the_event_goes_first_at_a_tie() -> None:
    found = arrivals(codec_of(Counter), loaded(event("late", 30), event("tie", 20), Timer("a", "t", 1, 20)), 100)
    assert [w.ref for w in found] == ["tie", "timer:t#1", "late"]


def test_what_is_not_due_yet_is_left_out() -> None:
    rows = (event("later", 1, not_before=200.0), Timer("a", "t", 1, 101), event("kept", 2, state="deferred"))
    assert not arrivals(codec_of(Counter), loaded(*rows), 100)
    assert [w.ref for w in deferred(codec_of(Counter), loaded(*rows))] == ["kept"]


def test_an_event_is_decoded_and_one_that_cannot_be_is_told_in_its_turn() -> None:
    good, bad = arrivals(codec_of(Counter), loaded(event("r", 1), Accepted("a", "s", "Nonsense", "{}", at=2.0)), 100)
    assert (good.key, good.event) == (Add, Add(by=2))
    assert bad.failure is not None


def test_the_answer_of_an_invoke_keeps_the_generation_of_its_state() -> None:
    row = Accepted("a", "result:run#4@a", "done.invoke.run", '"news"', lane="result", at=1.0)
    (work,) = arrivals(codec_of(Errand), loaded(row), 100)
    assert (work.kind, work.generation) == ("result", 4)
