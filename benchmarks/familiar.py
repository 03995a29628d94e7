"""The same shapes in `transitions`, which people know: its HierarchicalMachine."""

from __future__ import annotations

from typing import Any

from transitions.extensions import HierarchicalMachine

from benchmarks.figure import Wrong
from benchmarks.race import Check, Side, Step
from benchmarks.tally import Tally


class Model(Tally):
    """What `transitions` moves."""

    next: Any
    state: Any

    def enter(self) -> None:
        """Count an entry."""
        self.entries += 1

    def leave(self) -> None:
        """Count an exit."""
        self.exits += 1


def _sending(model: Model) -> Step:
    def step(events: int) -> None:
        send = model.next
        for _ in range(events):
            send()

    return step


def _crossing() -> tuple[Step, Check]:
    model = Model()
    counted = {"on_enter": model.enter, "on_exit": model.leave}

    def tower(name: str) -> dict[str, Any]:
        top = {"name": f"{name}11", **counted}
        middle = {"name": f"{name}1", "initial": f"{name}11", "children": [top], **counted}
        return {"name": name, "initial": f"{name}1", "children": [middle], **counted}

    HierarchicalMachine(
        model,
        states=[tower("P"), tower("Q")],
        initial="P_P1_P11",
        auto_transitions=False,
        transitions=[["next", "P_P1_P11", "Q_Q1_Q11"], ["next", "Q_Q1_Q11", "P_P1_P11"]],
    )
    return _sending(model), model.expects(0, 0, 3, 3)


def _regions() -> tuple[Step, Check]:
    model = Model()
    parallel = [
        {"name": "r", "children": list("abc"), "initial": "a"},
        {"name": "s", "children": list("xyz"), "initial": "x"},
    ]
    moves = [(r, ring[i], ring[(i + 1) % 3]) for r, ring in (("r", "abc"), ("s", "xyz")) for i in range(3)]
    HierarchicalMachine(
        model,
        states=[{"name": "p", "parallel": parallel}],
        initial="p",
        auto_transitions=False,
        transitions=[["next", f"p_{r}_{a}", f"p_{r}_{b}"] for r, a, b in moves],
    )

    def check(events: int) -> None:
        due = [f"p_r_{'abc'[events % 3]}", f"p_s_{'xyz'[events % 3]}"]
        if model.state != due:
            raise Wrong(f"after {events} events transitions stands in {model.state}, expected {due}")

    return _sending(model), check


CROSSING = Side("transitions", _crossing)
REGIONS = Side("transitions", _regions)
