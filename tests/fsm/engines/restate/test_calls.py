"""Calls of services inside a handler: answered again when it is repeated, made once where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.engines.restate.calls import SteppedServices
from fsm.runtime.services import Services
from fsm.service import Retryable, Terminal, call
from fsm.service.contract import Method
from fsm.service.current import CurrentCall
from fsm.service.policy import Policy
from tests.engines.shop import Bank, Ledger, Shop
from tests.fsm.engines.restate.scripted import Scripted

pytestmark = pytest.mark.anyio
CURRENT = CurrentCall("A:event:bank.charge:0f:0", 1, "A", "bank", "charge")


class Moody(Ledger):
    """Fails in ways that say what may be done."""

    async def charge(self, amount: int) -> str:
        """Fail."""
        if amount == 1:
            raise Retryable("later", after="20s")
        if amount == 2:
            raise Terminal("never")
        return await super().charge(amount)


def stepped(context: Scripted, folder: Path) -> tuple[SteppedServices, Method]:
    """The services of a handler."""
    services = SteppedServices(Services([Shop], {Bank: Moody(folder)}), context.steps())
    return services, services.contracts["Shop"]["bank"].methods["charge"]


async def ask(context: Scripted, folder: Path, amount: int, policy: Policy | None = None) -> tuple[str, object]:
    """One attempt."""
    services, method = stepped(context, folder)
    return await services.call("Shop", method, (amount,), {}, CURRENT, lambda answer: None, policy)


async def test_a_repeated_handler_gets_the_same_answer_and_makes_no_call(
    tmp_path: Path,
) -> None:
    first = Scripted()
    answer = await ask(first, tmp_path, 5)
    assert await ask(Scripted(first.journal), tmp_path, 5) == answer
    assert len(Ledger(tmp_path).lines("charge")) == 1


async def test_a_call_that_was_cut_short_is_made_again_with_its_key(tmp_path: Path) -> None:
    await ask(Scripted(), tmp_path, 5)
    await ask(Scripted(), tmp_path, 5)
    assert [line["key"] for line in Ledger(tmp_path).lines("charge")] == [CURRENT.idempotency_key] * 2


async def test_one_that_is_made_at_most_once_is_not_made_again_when_it_was_cut_short(tmp_path: Path) -> None:
    once = call(once=True)
    first = Scripted()
    await ask(first, tmp_path, 5, once)
    begun = Scripted(first.journal[:1])
    answer, _ = await ask(begun, tmp_path, 5, once)
    assert "cut short" in answer
    assert len(Ledger(tmp_path).lines("charge")) == 1


async def test_what_a_failure_allows_is_known_when_the_handler_is_repeated(tmp_path: Path) -> None:
    first = Scripted()
    for _ in range(2):
        context = Scripted(first.journal)
        _, problem = await ask(context, tmp_path, 1)
        assert isinstance(problem, Retryable)
        assert problem.after == 20
    _, problem = await ask(Scripted(), tmp_path, 2)
    assert isinstance(problem, Terminal)
