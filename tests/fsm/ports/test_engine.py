"""The engine, as the port describes it."""

from __future__ import annotations

from fsm.engines.embedded import Embedded
from fsm.ports.engine import Engine, Handle, Health
from fsm.runtime.instance import Instance
from persistence import MemoryStore


def test_the_orchestrator_is_an_engine() -> None:
    engine: Engine = Embedded(MemoryStore())
    wanted = {name for name in vars(Engine) if not name.startswith("_")} - {"__doc__"}
    assert wanted <= set(dir(engine))


def test_its_instances_are_handles() -> None:
    wanted = {name for name in vars(Handle) if not name.startswith("_")}
    assert wanted <= set(dir(Instance))


def test_parked_instances_and_problems_are_not_healthy() -> None:
    told = [Health("x"), Health("x", parked=("A",)), Health("x", problems=("b",))]
    assert [health.healthy for health in told] == [True, False, False]
