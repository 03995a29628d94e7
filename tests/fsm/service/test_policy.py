"""A policy is data; what is nearer wins, and what contradicts itself is refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from fsm.errors import PolicyInvalid
from fsm.service import Breaker, Retry, call
from fsm.service.policy import Policy, policy_of
from fsm.service.rate import Rate


def test_times_are_seconds_and_a_rate_is_read() -> None:
    policy = call(timeout="1m", heartbeat="50ms", rate="10/s", concurrency=3, breaker=Breaker())
    assert (policy.timeout, policy.heartbeat, policy.rate) == (60.0, 0.05, Rate(10, 1.0))


def test_a_contracts_method_stays_what_it_is_and_carries_its_policy() -> None:
    async def charge(self: Any, amount: int) -> str: ...  # type: ignore[empty-body]

    policy = call(timeout="1s")
    assert policy(charge) is charge
    assert policy_of(charge) is policy
    assert policy_of(lambda: None) is None


def test_the_nearer_wins_field_by_field() -> None:
    near, far = call(timeout="1s"), call(timeout="5s", retry=Retry(5), concurrency=2)
    assert near.over(far) == Policy(timeout=1.0, retry=Retry(5), concurrency=2)
    assert near.over(None) is near
    assert call(once=False).over(call(once=True)).once is False


def test_once_takes_farther_repetitions_away_and_nearer_ones_contradict_it() -> None:
    far = call(retry=Retry(5), adjust=lambda arguments, error, attempt: None, timeout="5s")
    assert call(once=True).over(far) == Policy(once=True, timeout=5.0)
    assert "once=True with retry=" in call(retry=Retry(2)).over(call(once=True)).problems()[0]
    assert not call(retry=Retry(2), once=False).over(call(once=True)).problems()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "it says nothing"),
        ({"timeout": "0s"}, "leaves no time"),
        ({"timeout": "soon"}, "timeout: 'soon' is not a delay"),
        ({"rate": "often"}, "rate: 'often' is not a rate"),
        ({"concurrency": 0}, "concurrency=0"),
        ({"concurrency": True}, "concurrency=True"),
        ({"retry": 3}, "retry=3 is not a Retry"),
        ({"once": "yes"}, "once='yes' is not a bool"),
        ({"breaker": 5}, "breaker=5 is not a Breaker"),
        ({"adjust": 5}, "adjust=5 is not a function"),
        ({"fallback": "charge"}, "fallback='charge' is neither"),
        ({"once": True, "retry": Retry(2)}, "once=True with retry="),
    ],
)
def test_what_is_wrong_is_refused_when_it_is_said(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyInvalid, match=said):
        call(**wrong)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        call(timeout="soon", rate="often", concurrency=-1)
    assert len(caught.value.problems) == 3


def test_what_only_shows_with_the_rest_is_a_problem_of_the_whole() -> None:
    assert "adjust= without a second attempt" in call(adjust=lambda a, e, n: None).problems()[0]
    one: Any = lambda arguments: None  # noqa: E731
    assert "does not take three arguments" in call(adjust=one, retry=Retry(2)).problems()[0]
    assert "heartbeat= is not shorter" in call(heartbeat="5s", timeout="5s").problems()[0]
