"""Errors that say nothing about the work itself."""

from __future__ import annotations

from fsm.errors import CallFailed, OrchestratorClosed, StoreFull
from fsm.runtime.host import INTERRUPTED, Lost, in_turn


def test_a_store_in_trouble_and_a_closed_orchestrator_interrupt_work() -> None:
    assert all(isinstance(p, INTERRUPTED) for p in (StoreFull("full"), OrchestratorClosed("closed"), Lost("moved")))
    assert not isinstance(CallFailed("desk", "ask", "Trouble", "no"), INTERRUPTED)


def test_outside_of_a_turn_there_is_none() -> None:
    assert in_turn.get() == ""
