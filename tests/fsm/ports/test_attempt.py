"""An attempt knows which call it belongs to."""

from __future__ import annotations

from dataclasses import replace

from fsm.ports.attempt import Attempt
from fsm.ports.store import CallRow


def test_the_attempts_of_a_call_and_its_answer_have_the_same_place() -> None:
    answer = CallRow("A-1", "start", "bank.charge", "0f", 1, '{"ok":1}')
    first = Attempt("A-1", "start", "bank.charge", "0f", 1, 1, "bank.charge", "{}")
    second = replace(first, n=2, called="spare.charge", parameters='{"amount":1}')
    assert first.call == second.call == (answer.cause, answer.method, answer.digest, answer.k)
    assert first.call != replace(first, k=0).call
