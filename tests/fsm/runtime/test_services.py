"""Implementations are found by contract or by name, and checked before anything runs."""

from __future__ import annotations

import pytest

from fsm import Orchestrator
from fsm.errors import ServiceInvalid, ServiceMissing
from fsm.runtime.services import Services
from tests.fsm.runtime.desk import Add, Caller, Clerk, Desk, Place


@pytest.mark.anyio
async def test_a_service_is_found_by_the_name_of_its_attribute(memory: Place, clerk: Clerk) -> None:
    async with Orchestrator(memory.store(), [Caller], {"desk": clerk}) as orchestrator:
        await (await orchestrator.start(Caller)).send(Add())
    assert clerk.count("add 1") == 1


def test_a_missing_service_is_named() -> None:
    with pytest.raises(ServiceMissing, match=r"Caller\.desk"):
        Services([Caller], {})


def test_an_implementation_without_a_method_is_refused() -> None:
    class Half:
        async def ask(self, what: str) -> str:
            return what

    with pytest.raises(ServiceInvalid, match="allow"):
        Services([Caller], {Desk: Half()})
