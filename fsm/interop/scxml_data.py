"""The data model: variables and their first values (section 5)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fsm.interop.scxml_block import fail
from fsm.interop.scxml_evaluator import Deed, Scene, Value
from fsm.interop.scxml_expressions import Expressions
from fsm.interop.scxml_payload import inline
from fsm.interop.scxml_tree import Element


def declare(reading: Expressions, root: Element, *, late: Iterable[Element] = ()) -> Deed:
    """The start of a document: it has its own variables and no others; those given from outside keep their values.

    Variables of states in `late` have no value until their state is first entered.
    """
    waiting = {id(data) for state in late for data in variables(state)}
    found: list[tuple[str, Value | None]] = []
    for data in root.within():
        if data.name == "data":
            found.append((data.get("id", ""), None if id(data) in waiting else _first(reading, data)))
    top = {data.get("id", "") for data in variables(root)}

    def run(scene: Scene) -> None:
        given = {name: value for name, value in scene.data.items() if name in top}
        scene.machine.ctx.data = {name: None for name, _ in found} | given
        for name, value in found:
            if value is not None and name not in given:
                _set(scene, name, value)

    return run


def bind_late(reading: Expressions, state: str, element: Element) -> Deed:
    """The first entry of a state whose variables are bound late."""
    found = [(data.get("id", ""), _first(reading, data)) for data in variables(element)]

    def run(scene: Scene) -> None:
        if state not in scene.machine.ctx.bound:
            scene.machine.ctx.bound.append(state)
            for name, value in found:
                _set(scene, name, value)

    return run


def variables(state: Element) -> list[Element]:
    """The `data` elements of a state, or of the document."""
    return [data for model in state.all("datamodel") for data in model.all("data")]


def _set(scene: Scene, name: str, value: Value) -> None:
    try:
        scene.data[name] = value(scene)
    except Exception as problem:
        fail(scene, problem)


def _first(reading: Expressions, data: Element) -> Value:
    if "expr" in data.attrib:
        return reading.value(data, "expr")
    if "src" in data.attrib:
        return _constant(_json(reading.loaded(data, data.get("src", ""))))
    return _constant(inline(data))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _constant(value: Any) -> Value:
    # taken apart again at every start, so that no two machines share a list
    text = json.dumps(value)
    return lambda scene: json.loads(text)
