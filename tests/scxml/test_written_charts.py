"""Random charts, written as documents and read again, move as the classes that they were written from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from fsm.chart.event import Signal
from fsm.errors import TurnError
from fsm.interop.scxml import Element, Scene, read_scxml, write_scxml
from tests.oracle.build import machine_of
from tests.oracle.generator import random_spec
from tests.oracle.spec import EVENTS, FUEL, Block, Burn, Fail, Put, Raise, Spec

CHARTS, STEPS = 60, 20


class Handlers:
    """Gives the names of the oracle's handlers their meaning."""

    def __init__(self, spec: Spec) -> None:
        self.blocks: dict[str, Block | None] = {edge.name: edge.block for edge in spec.edges}
        for state in spec.states:
            self.blocks[f"default{state.index}"] = state.default_block
            for verb, blocks in (("on_enter", state.entry), ("on_exit", state.exit)):
                self.blocks.update({f"{verb}{state.index}_{k}": block for k, block in enumerate(blocks)})

    def guard(self, text: str) -> Callable[[Scene], bool]:
        return lambda scene: all(self._holds(scene, part) for part in text.split(" && "))

    def _holds(self, scene: Scene, part: str) -> bool:
        name = part.removeprefix("!")
        if name.startswith("In("):
            holds = scene.inside(name[4:-2])
        else:
            flag = name.removeprefix("flag_")
            holds = scene.data["fuel"] > 0 if flag == "fuel" else scene.data["flags"][flag]
        return bool(holds) is (name == part)

    def value(self, text: str) -> Callable[[Scene], Any]:
        raise ValueError(text)

    def location(self, text: str, *, declare: bool = False) -> Callable[[Scene, Any], None]:
        raise ValueError(text)

    def execute(self, element: Element) -> Callable[[Scene], None]:
        block = self.blocks[element.get("name", "")]
        assert block is not None
        return lambda scene: self._run(scene, block)

    def _run(self, scene: Scene, block: Block) -> None:
        scene.data["log"].append(block.token)
        for op in block.ops:
            match op:
                case Raise() if scene.data["fuel"] > 0:
                    scene.data["fuel"] -= 1
                    scene.machine.raise_(Signal(name=op.event))
                case Put():
                    scene.data["flags"][op.flag] = op.value
                case Burn():
                    scene.data["fuel"] -= 1
                case Fail():
                    raise RuntimeError("planned")


def sayable(seed: int) -> Spec | None:
    """A random chart that SCXML can say; None for one with invokes."""
    spec = replace(random_spec(Random(seed), plain=True), unhandled="ignore")
    return None if any(state.invokes for state in spec.states) else spec


def walk(seed: int, spec: Spec) -> int:
    """The number of steps in which both did the same."""
    rng, machine = Random(seed), machine_of(spec)[0]
    try:
        ours = machine.rehearse()
    except TurnError:
        return 0  # a class fails its turn where SCXML goes on
    read = read_scxml(write_scxml(machine), Handlers(spec)).rehearse()
    for step in range(STEPS):
        assert read.active == ours.active, (seed, step)
        assert read.ctx.data == ours.ctx.model_dump(), (seed, step)
        if ours.done:
            return step
        ours.ctx.fuel = read.ctx.data["fuel"] = FUEL
        event, delay = rng.choice(EVENTS), rng.choice(["0s", "100ms", "3s"])
        try:
            ours.send(event)
            ours.advance(delay)
        except TurnError:
            return step
        read.send(event)
        read.advance(delay)
    return STEPS


@pytest.mark.parametrize("batch", range(4))
def test_a_written_chart_moves_as_its_class(batch: int) -> None:
    specs = {seed: sayable(seed) for seed in range(batch * CHARTS, (batch + 1) * CHARTS)}
    steps = [walk(seed, spec) for seed, spec in specs.items() if spec is not None]
    assert len(steps) > CHARTS // 4
    assert sum(steps) > 3 * len(steps), "walks that end at once prove nothing"
