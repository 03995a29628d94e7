"""The journal as users read it."""

from __future__ import annotations

from fsm.ports.attempt import Attempt
from fsm.ports.store import CallRow, Entry, Record
from fsm.runtime.entry import journal, summary

STEP = '[{"event":"Go","transitions":["go"],"exited":["A"],"entered":["B"]}]'


def entry(seq: int, cause: str) -> Entry:
    return Entry("a", seq, cause, "Go", '{"n":1}', STEP, '["B"]', 1.0, 0.5)


def test_the_calls_of_an_invoke_stand_with_the_turn_that_took_its_answer() -> None:
    calls = [
        CallRow("a", "invoke:run#1", "desk.ask", "d", 0, '{"ok":"X"}', '{"what":"x"}'),
        CallRow("a", "invoke:run#1", "now", "", 0, '{"ok":1.0}'),
        CallRow("a", "result:run#1@a", "desk.ask", "e", 0, '{"error":{"kind":"K","message":"m","data":null}}'),
    ]
    first, second = journal([entry(1, "r"), entry(2, "result:run#1@a")], calls)
    assert not first.calls
    assert [(c.arguments, c.ok) for c in second.calls] == [({"what": "x"}, True), (None, False)]
    assert (second.transitions, second.configuration, second.payload) == (("go",), {"B"}, {"n": 1})


def test_the_attempts_of_a_call_stand_with_it_in_their_order() -> None:
    calls = [CallRow("a", "r", "desk.ask", "d", k, '{"ok":"X"}') for k in (0, 1)]
    failed = '{"error":{"kind":"K","message":"m","data":null}}'
    attempts = [
        Attempt("a", "r", "desk.ask", "d", 0, 2, "spare.ask", '{"n":2}', "K: fallback", 2.0),
        Attempt("a", "r", "desk.ask", "d", 0, 1, "desk.ask", '{"n":1}', "", 1.0, 1.0, 1.5, failed, '{"ok":"late"}', 2),
    ]
    (entry_,) = journal([entry(1, "r")], calls, attempts)
    first, second = entry_.calls[0].attempts
    assert (first.n, first.ok, first.outcome["kind"], first.late, first.runs) == (1, False, "K", "late", 2)
    assert (second.called, second.parameters, second.ok, second.outcome) == ("spare.ask", {"n": 2}, None, None)
    assert entry_.calls[1].attempts == ()


def test_a_summary_is_one_line_of_a_list() -> None:
    found = summary(
        Record("a", "M", "1", "d", "done", 4, '["X","Y"]', "{}", b"{}", parent="p", created=1.0, closed=2.0)
    )
    assert (found.id, found.configuration, found.seq, found.parent, found.closed) == ("a", {"X", "Y"}, 4, "p", 2.0)
