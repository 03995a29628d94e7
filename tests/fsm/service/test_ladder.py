"""Which attempt comes next is decided from what is written down alone."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fsm.errors import CallFailed, CallInvalid
from fsm.service import Backoff, Retry, Retryable, Terminal, call
from fsm.service.contract import Contract
from fsm.service.ladder import Failure, Next, Rung, adjusted, after, is_healthy
from fsm.service.policy import Policy

BUSY = Failure("Busy", "no time")


class Bank(Protocol):
    async def charge(self, amount: int, note: str = "") -> str: ...


def rung(policy: Policy) -> Rung:
    return Rung(Contract.alone(Bank).methods["charge"], policy)


def following(
    policy: Policy, failure: Failure = BUSY, *, made: int = 1, spent: float = 0.0, more: int = 0
) -> Next | None:
    rungs = [rung(policy), *[rung(call(timeout="1s"))] * more]
    return after(rungs, 0, failure, made=made, spent=spent, chance=0.0)


TWICE = call(retry=Retry(2, backoff=Backoff("4s"), jitter=0, budget="10s"))


def test_attempts_follow_one_another_as_long_as_there_are_some() -> None:
    assert following(TWICE) == Next(0, 4.0, "Busy")
    assert following(TWICE, made=2) is None
    assert following(call(timeout="1s")) is None


def test_the_last_attempt_has_to_begin_within_the_budget() -> None:
    assert following(TWICE, spent=6.0) == Next(0, 4.0, "Busy")
    assert following(TWICE, spent=6.1) is None


def test_the_fallback_follows_at_once_when_nothing_else_does() -> None:
    assert following(TWICE, made=2, more=1) == Next(1, 0.0, "Busy: fallback")
    assert following(TWICE, Failure("Terminal", "", None, Terminal()), more=1) == Next(1, 0.0, "Terminal: fallback")


def test_a_retryable_failure_says_when() -> None:
    failure = Failure("Retryable", "", None, Retryable(after="9s"))
    assert following(TWICE, failure) == Next(0, 9.0, "Retryable")
    assert following(TWICE, failure, spent=2.0) is None


@pytest.mark.parametrize("kind", ["Unknown", "TimeoutError", "HeartbeatLost", "AnswerInvalid"])
def test_what_is_made_once_and_may_have_happened_is_not_asked_of_a_fallback(kind: str) -> None:
    assert following(call(once=True), Failure(kind, ""), more=1) is None
    assert following(call(once=True), BUSY, more=1) == Next(1, 0.0, "Busy: fallback")


def test_an_outcome_is_read_as_a_failure_or_as_none() -> None:
    assert Failure.read('{"ok":1}') is None
    assert Failure.read('{"error":{"kind":"Busy","message":"no time","data":null}}') == BUSY


def test_adjusted_arguments_are_those_before_with_the_changes() -> None:
    seen: list[Any] = []

    def adjust(arguments: dict[str, Any], error: CallFailed, attempt: int) -> dict[str, Any]:
        seen.append((dict(arguments), str(error), attempt))
        arguments["note"] = "changed in place, which counts for nothing"
        return {"amount": 1}

    one = rung(call(adjust=adjust, retry=Retry(2)))
    assert adjusted(one, {"amount": 8, "note": ""}, BUSY, 3) == {"amount": 1, "note": ""}
    assert seen == [({"amount": 8, "note": ""}, "Bank.charge failed with Busy: no time", 3)]
    nothing = rung(call(adjust=lambda arguments, error, attempt: None, retry=Retry(2)))
    assert adjusted(nothing, {"amount": 8}, BUSY, 1) == {"amount": 8}


def test_an_adjust_that_fails_or_invents_arguments_is_told() -> None:
    fails = rung(call(adjust=lambda arguments, error, attempt: {"amount": 1 / 0}, retry=Retry(2)))
    invents = rung(call(adjust=lambda arguments, error, attempt: {"sum": 1}, retry=Retry(2)))
    with pytest.raises(CallInvalid, match="adjust failed with ZeroDivisionError"):
        adjusted(fails, {"amount": 8}, BUSY, 1)
    with pytest.raises(CallInvalid, match="adjust gave 'sum', which it does not take"):
        adjusted(invents, {"amount": 8}, BUSY, 1)


def test_a_considered_refusal_shows_that_the_service_is_there() -> None:
    assert is_healthy(None)
    assert is_healthy(Failure("Terminal", "", None, Terminal()))
    assert not is_healthy(BUSY)
