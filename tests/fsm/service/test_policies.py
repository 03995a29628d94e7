"""What contract, registration and call site say about a method, as one ladder; mistakes are told in one list."""

from __future__ import annotations

import re
from typing import Any, Protocol

import pytest

from fsm.chart.chart import Service
from fsm.errors import PolicyInvalid
from fsm.service import Retry, call
from fsm.service.contract import Contract
from fsm.service.policies import Policies, unknown
from fsm.service.policy import Policy


class Reserve(Protocol):
    @call(timeout="9s")
    async def charge(self, amount: int) -> str: ...
    async def other(self, sum: int) -> str: ...
    async def number(self, amount: int) -> int: ...


class Bank(Protocol):
    @call(retry=Retry(2), fallback=Reserve.charge)
    async def charge(self, amount: int) -> str: ...
    async def plain(self, amount: int) -> str: ...


def contract(name: str, kind: type) -> Contract:
    alone = Contract.alone(kind)
    return Contract(Service(name, kind, {n: m.returns for n, m in alone.methods.items()}))


BANK, SPARE = contract("bank", Bank), contract("spare", Bank)


def policies(registered: dict[Any, Policy] | None = None, *, given: tuple[Any, ...] = (Reserve,)) -> Policies:
    return Policies("Order", {"bank": BANK, "spare": SPARE}, given, registered)


def rungs(found: Policies, method: str, nearer: Policy | None = None) -> list[tuple[str, Policy]]:
    return [(r.method.full, r.policy) for r in found.ladder(BANK.methods[method], nearer)]


def test_a_method_of_which_nobody_says_anything_has_no_ladder() -> None:
    assert rungs(policies(), "plain") == []


def test_a_fallback_is_tried_under_its_own_policy_and_need_not_be_a_service_of_the_machine() -> None:
    found = policies()
    assert rungs(found, "charge") == [
        ("bank.charge", call(retry=Retry(2), fallback=Reserve.charge)),
        ("Reserve.charge", call(timeout="9s")),
    ]
    assert list(found.called) == ["Reserve"]


def test_method_before_contract_before_decorator_and_the_call_site_before_all() -> None:
    registered = {Bank: call(timeout="5s", concurrency=2), Bank.charge: call(timeout="3s")}
    found = policies(registered)
    assert rungs(found, "plain") == [("bank.plain", call(timeout="5s", concurrency=2))]
    (_, policy), _ = rungs(found, "charge", call(retry=Retry(7)))
    assert (policy.timeout, policy.concurrency, policy.retry) == (3.0, 2, Retry(7))
    assert not unknown(registered, [found])


def test_one_of_two_services_with_the_same_contract_is_named_by_text() -> None:
    found = policies({"bank.plain": call(fallback="spare.plain"), "spare": call(timeout="2s")})
    assert rungs(found, "plain") == [("bank.plain", call(fallback="spare.plain")), ("spare.plain", call(timeout="2s"))]
    assert not found.problems


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (call(fallback="bank.nothing"), "fallback=bank.nothing is no method of a service"),
        (call(fallback="bank.plain"), "leads back"),
        (call(fallback=Reserve.other), r"takes \(sum\), not \(amount\)"),
        (call(fallback=Reserve.number), "returns int, not str"),
        (call(adjust=lambda a, e, n: None), "adjust= without a second attempt"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(policy: Policy, said: str) -> None:
    (problem,) = policies({"bank.plain": policy}).problems
    assert problem.startswith("Order.bank.plain: ")
    assert re.search(said, problem)


def test_a_ladder_does_not_lead_in_a_circle() -> None:
    found = policies({"bank.plain": call(fallback="spare.plain"), "spare.plain": call(fallback="bank.plain")})
    assert len(found.problems) == 2
    assert "leads back" in found.problems[0]


def test_a_fallback_without_an_implementation_is_told() -> None:
    assert "is no method of a service" in policies(given=()).problems[0]


def test_policies_that_concern_nobody_are_told() -> None:
    registered: dict[Any, Any] = {"bank.charg": call(timeout="1s"), Reserve.other: call(timeout="1s"), "spare": 5}
    problems = unknown(registered, [policies({})])
    assert [p.partition(":")[0].partition(" ")[0] for p in problems] == [
        "policies[bank.charg]",
        "policies[Reserve.other]",
        "policies[spare]",
    ]


def test_a_call_site_is_checked_like_the_rest() -> None:
    with pytest.raises(PolicyInvalid, match=r"Order: Order\.bank\.plain: fallback=bank\.nothing"):
        policies().ladder(BANK.methods["plain"], call(fallback="bank.nothing"))
