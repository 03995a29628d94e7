"""Executable content: `raise`, `if`, `foreach`, `assign`, `log`, `script`, `send`, `cancel` (sections 4 to 6)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from fsm.chart.guard import Guard, Predicate, fold
from fsm.interop.scxml_block import Block
from fsm.interop.scxml_evaluator import Deed, Place, Raised, Scene
from fsm.interop.scxml_expressions import Expressions, WrittenGuard
from fsm.interop.scxml_payload import inline
from fsm.interop.scxml_send import cancel, check_event, send
from fsm.interop.scxml_tree import Element

LOG = logging.getLogger("fsm.scxml")
"""Where `log` writes."""


def block(reading: Expressions, elements: Iterable[Element], place: Place | None) -> Block:
    """The block that some elements make."""
    found = list(elements)
    return Block(_deeds(reading, found), found, place)


def _deeds(reading: Expressions, elements: Iterable[Element]) -> list[Deed]:
    return [_deed(reading, element) for element in elements]


def _deed(reading: Expressions, element: Element) -> Deed:
    match element.name:
        case "raise":
            return _raise(reading, element)
        case "if":
            return _if(reading, element)
        case "foreach":
            return _foreach(reading, element)
        case "assign":
            return _assign(reading, element)
        case "log":
            return _log(reading, element)
        case "send":
            return send(reading, element)
        case "cancel":
            return cancel(reading, element)
        case "script" if element.get("src") is not None:
            element.text = reading.loaded(element, element.get("src", ""))
            return reading.deed(element)
        case _:
            return reading.deed(element)


def _raise(reading: Expressions, element: Element) -> Deed:
    check_event(reading, element)
    name = element.get("event", "")
    return lambda scene: scene.machine.raise_(Raised(name=name))


def _if(reading: Expressions, element: Element) -> Deed:
    branches: list[tuple[Guard | None, list[Element]]] = [(reading.guard(element), [])]
    for child in element.each():
        if child.name not in ("elseif", "else"):
            branches[-1][1].append(child)
            continue
        if len(branches) > 1 and branches[-1][0] is None:
            reading.problem(child, "stands behind <else>, where nothing leads to it; <else> is the last branch")
        branches.append((reading.guard(child), []))
    ways = [(guard, _deeds(reading, inner)) for guard, inner in branches]

    def run(scene: Scene) -> None:
        for guard, deeds in ways:
            if guard is None or holds(guard, scene):
                for deed in deeds:
                    deed(scene)
                return

    return run


def holds(guard: Guard, scene: Scene) -> bool:
    """What a condition answers inside of content, where the configuration is on the move."""
    if isinstance(guard, Predicate) and isinstance(guard.function, WrittenGuard):
        return bool(guard.function.question(scene))
    answer = fold(guard, lambda state: scene.inside(str(state)), lambda asked: asked.function)
    return answer if isinstance(answer, bool) else bool(answer(scene.machine, scene.cause))


def _foreach(reading: Expressions, element: Element) -> Deed:
    array = reading.value(element, "array")
    item = reading.location(element, "item", declare=True)
    index = reading.location(element, "index", declare=True) if "index" in element.attrib else None
    deeds = _deeds(reading, element.each())

    def run(scene: Scene) -> None:
        values = array(scene)
        if not isinstance(values, (list, tuple)):
            raise TypeError(f"foreach over {values!r}: not a list")
        for number, value in enumerate(tuple(values)):
            item(scene, value)
            if index is not None:
                index(scene, number)
            for deed in deeds:
                deed(scene)

    return run


def _assign(reading: Expressions, element: Element) -> Deed:
    location = reading.location(element, "location")
    if "expr" in element.attrib:
        value = reading.value(element, "expr")
        return lambda scene: location(scene, value(scene))
    given = inline(element)
    return lambda scene: location(scene, given)


def _log(reading: Expressions, element: Element) -> Deed:
    label, text = element.get("label", ""), element.get("expr", "")
    known = "expr" in element.attrib and reading.evaluator is not None
    value = reading.value(element, "expr") if known else _same(text)

    def run(scene: Scene) -> None:
        LOG.info("%s: %s%s", scene.machine.id, f"{label}: " if label else "", value(scene))

    return run


def _same(text: str) -> Any:
    """Without an evaluator `log` writes its expression as it stands."""
    return lambda scene: text
