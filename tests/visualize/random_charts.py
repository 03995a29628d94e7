"""Charts of every shape, made by chance from a seed."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from fsm.chart.chart import Chart, Node, Transition, Trigger
from fsm.chart.state import Kind
from tests.visualize.machines import Order

KINDS = ("event", "event", "event", "after", "failed", "done", "always")


def random_chart(seed: int) -> Chart:
    """A legal tree of states with transitions from anywhere to anywhere."""
    chance = Random(seed)
    nodes: list[dict[str, Any]] = []
    _grow(chance, nodes, -1, chance.choice((Kind.COMPOUND, Kind.COMPOUND, Kind.PARALLEL)), 0)
    for node in nodes:
        children = [i for i, n in enumerate(nodes) if n["parent"] == node["index"]]
        states = [i for i in children if nodes[i]["kind"] is not Kind.HISTORY]
        node["children"] = tuple(children)
        node["initial"] = (chance.choice(states),) if node["kind"] is Kind.COMPOUND and states else ()
    made = tuple(Node(**node) for node in nodes)
    transitions = tuple(_transition(chance, i, made) for i in range(chance.randint(2, 3 * len(made) // 2)))
    index = {n.id: n.index for n in made}
    return replace(
        Order.__chart__, name=f"Seed{seed}", nodes=made, transitions=transitions, invokes=(), index=index, doc=""
    )


def _grow(chance: Random, nodes: list[dict[str, Any]], parent: int, kind: Kind, depth: int) -> None:
    index = len(nodes)
    name = chance.choice(("A", "Bee", "WaitingForSomebody", "x")) + str(index)
    id = "" if parent < 0 else f"{nodes[parent]['id']}.{name}".lstrip(".")
    nodes.append({"index": index, "id": id, "name": name, "kind": kind, "parent": parent, "end": 0})
    if kind in (Kind.COMPOUND, Kind.PARALLEL):
        for number in range(chance.randint(2, 4)):
            deeper = (Kind.COMPOUND, Kind.PARALLEL) if depth < 3 and len(nodes) < 40 else (Kind.ATOMIC,)
            leaf = (Kind.ATOMIC, Kind.ATOMIC, Kind.ATOMIC)
            others = () if kind is Kind.PARALLEL or not number else (Kind.FINAL, Kind.CHOICE, Kind.HISTORY)
            _grow(chance, nodes, index, chance.choice((*leaf, *deeper, *others)), depth + 1)
        if kind is Kind.PARALLEL and chance.random() < 0.4:
            _grow(chance, nodes, index, Kind.HISTORY, depth + 1)
    nodes[index]["end"] = len(nodes)


def _transition(chance: Random, index: int, nodes: tuple[Node, ...]) -> Transition:
    sources = [n for n in nodes if n.kind not in (Kind.FINAL, Kind.HISTORY)]
    source = chance.choice(sources).index
    targets: tuple[int, ...] = () if chance.random() < 0.1 else (chance.choice(nodes[1:]).index,)
    parallels = [n for n in nodes if n.kind is Kind.PARALLEL]
    if parallels and chance.random() < 0.1:
        regions = [nodes[c] for c in chance.choice(parallels).children if nodes[c].kind is not Kind.HISTORY]
        targets = tuple(chance.randrange(r.index, r.end) for r in regions)
    kind = chance.choice(KINDS)
    trigger = Trigger(kind, Order.__chart__.events[:1] if kind == "event" else (), key=str(index), delay_ms=5000)
    return Transition(index, f"t{index}", source, trigger, targets)
