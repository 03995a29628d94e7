"""What travels with an event: `namelist`, `param` and `content` (sections 5.6 and 5.7)."""

from __future__ import annotations

import json
from typing import Any

from fsm.chart.event import Event
from fsm.interop.scxml_block import fail
from fsm.interop.scxml_evaluator import Place, Scene, Value
from fsm.interop.scxml_expressions import Expressions
from fsm.interop.scxml_tree import Element, inner_text


def inline(element: Element) -> Any:
    """The value that stands between the tags: JSON where it is JSON, else text, or the text of an XML element."""
    text = inner_text(element)
    if not text or next(element.each(), None) is not None:
        return text or None
    try:
        return json.loads(text)
    except ValueError:
        return " ".join(text.split())


def content_value(reading: Expressions, element: Element) -> Value:
    """The value of `content`."""
    if "expr" in element.attrib:
        return reading.value(element, "expr")
    given = inline(element)
    return lambda scene: given


def fields(reading: Expressions, element: Element) -> list[tuple[str, Value]]:
    """The named values that an element sends: those of its `namelist`, then its `param` children."""
    found = [(name, reading.value(element, "namelist", name)) for name in element.words("namelist")]
    for param in element.all("param"):
        attribute = "location" if "location" in param.attrib else "expr"
        if attribute not in param.attrib:
            reading.problem(param, "says no value; write expr='…' or location='…'")
        found.append((param.get("name", ""), reading.value(param, attribute)))
    return found


def payload(reading: Expressions, element: Element) -> Value:
    """The data that an element sends: its content, else its named values, else nothing."""
    contents = element.all("content")
    named = fields(reading, element)
    if len(contents) > 1 or (contents and named):
        reading.problem(contents[-1], "stands beside other content or params; what is sent is one or the other")
    if contents:
        return content_value(reading, contents[0])

    def values(scene: Scene) -> dict[str, Any] | None:
        return {name: value(scene) for name, value in named} if named else None

    return values


class Output:
    """The data of a final state; what cannot be worked out is left away and told as an error (section 5.7)."""

    def __init__(self, reading: Expressions, element: Element, place: Place) -> None:
        payload(reading, element)  # for its mistakes
        self.elements, self.place = (element,), place
        contents = element.all("content")
        self.content: Value | None = content_value(reading, contents[0]) if contents else None
        self.fields = fields(reading, element)

    def __call__(self, machine: Any, event: Event) -> Any:
        scene, found = Scene(machine, event, self.place), {}
        try:
            if self.content is not None:
                return self.content(scene)
        except Exception as problem:
            fail(scene, problem)
        for name, value in self.fields:
            try:
                found[name] = value(scene)
            except Exception as problem:
                fail(scene, problem)
        return found or None
