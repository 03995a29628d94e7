"""`invoke`: child machines that live as long as a state (section 6.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from fsm.chart.event import Event
from fsm.chart.machine import Machine
from fsm.chart.sketch import InvokeSketch
from fsm.errors import DefinitionError
from fsm.interop.scxml_block import Block
from fsm.interop.scxml_content import block
from fsm.interop.scxml_evaluator import Scene, Value, Variables
from fsm.interop.scxml_expressions import Expressions
from fsm.interop.scxml_payload import content_value, fields
from fsm.interop.scxml_send import given
from fsm.interop.scxml_tree import Element

Class = type[Machine[Any, Any, Any]]
ReadChild = Callable[["str | Element", str], Class]
"""How a document within a document is read: its text or its root, and the name of its machine."""

TYPES = frozenset({"", "scxml", "http://www.w3.org/TR/scxml", "http://www.w3.org/TR/scxml/"})
READ_MAX = 64
"""Documents that one invoke keeps of those it read while it ran, so that their snapshots can be restored."""


class Child:
    """What an invoke starts: (machine, event) -> the class and its data."""

    def __init__(self, element: Element, kind: Value, document: Value, data: list[tuple[str, Value]]) -> None:
        self.element, self.kind, self.document, self.data = element, kind, document, data

    def __call__(self, machine: Any, event: Event) -> tuple[Class, Variables]:
        scene = Scene(machine, event)
        kind = self.kind(scene)
        if kind not in TYPES:
            raise ValueError(f"there is no invoke of type {kind!r}")
        found: Class = self.document(scene)
        return found, Variables(data={name: value(scene) for name, value in self.data})


def invoke(reading: Expressions, element: Element, state: str, id: str, name: str, read: ReadChild) -> InvokeSketch:
    """The invoke that an element declares; `name` is what its own machine is called."""
    machines: dict[str, Class] = {}
    document = _document(reading, element, name, read, machines)
    child = Child(element, given(reading, element, "type"), document, fields(reading, element))
    return InvokeSketch(
        id,
        state,
        child=child,
        machines=machines,
        forward=element.get("autoforward") == "true",
        finalize=finalize.handler(element) if (finalize := _finalize(reading, element)) is not None else None,
        where=element.where,
    )


def _document(reading: Expressions, element: Element, name: str, read: ReadChild, machines: dict[str, Class]) -> Value:
    """The class of the child: read now where the document is written down, else when the invoke starts."""
    if element.get("type", "") not in TYPES:
        return _none  # it is told when the invoke starts
    contents = element.all("content")
    known = [*contents, *({"src", "srcexpr"} & set(element.attrib))]
    if len(known) != 1:
        reading.problem(element, f"names {len(known)} documents; give it one: src='…', or <content> with an <scxml>")
        return _none
    if "src" in element.attrib:
        text = reading.loaded(element, element.get("src", ""))
        return _constant(reading, element, lambda: read(text, name), machines) if text else _none
    if contents and "expr" not in contents[0].attrib:
        inner = contents[0].all("scxml")
        source = inner[0] if inner else contents[0].text or ""
        return _constant(reading, contents[0], lambda: read(source, name), machines)
    value = content_value(reading, contents[0]) if contents else reading.value(element, "srcexpr")
    return _when_started(reading, value, name, read, machines, fetch=not contents)


def _constant(reading: Expressions, element: Element, make: Callable[[], Class], machines: dict[str, Class]) -> Value:
    try:
        made = make()
    except DefinitionError as problem:
        for text in problem.problems:
            reading.problem(element, f"in its document: {text}")
        return _none
    machines[made.__chart__.name] = made
    return lambda scene: made


def _when_started(
    reading: Expressions, value: Value, name: str, read: ReadChild, machines: dict[str, Class], *, fetch: bool
) -> Value:
    def document(scene: Scene) -> Class:
        text = str(value(scene))
        if fetch:
            if reading.load is None:
                raise ValueError("srcexpr= cannot be fetched; pass load= when the document is read")
            text = reading.load(text)
        made = f"{name}.{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"
        if made not in machines:
            if len(machines) >= READ_MAX:
                del machines[next(iter(machines))]
            machines[made] = read(text, made)
        return machines[made]

    return document


def _finalize(reading: Expressions, element: Element) -> Block | None:
    """The content that runs before an event of the child; an empty one takes over what the event carries."""
    found = element.all("finalize")
    if not found:
        return None
    if len(found[0]):
        return block(reading, found[0].each(), None)
    places = [(name, reading.location(element, "namelist", text=name)) for name in element.words("namelist")]
    for param in element.all("param"):
        if "location" in param.attrib:
            places.append((param.get("name", ""), reading.location(param, "location")))

    def take(scene: Scene) -> None:
        data = (scene.event or {}).get("data")
        for name, place in places:
            if isinstance(data, dict) and name in data:
                place(scene, data[name])

    return Block([take], [], None)


def _none(scene: Scene) -> Any:
    """Stands for a document that is never asked for: its invoke is of no known type, or the outer one is refused."""
