"""From a machine to an SCXML document: all that SCXML can say, and names for what only Python can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree

from fsm.chart.chart import Handler, Invocation, Node, Transition
from fsm.chart.delay import delay_text
from fsm.chart.machine import Machine
from fsm.chart.state import Kind
from fsm.errors import DefinitionError
from fsm.interop.scxml_block import Block
from fsm.interop.scxml_invoke import Child
from fsm.interop.scxml_payload import Output
from fsm.interop.scxml_phrases import descriptors, fields, guard_text, unsayable
from fsm.interop.scxml_tree import SCXML, Element, plain

PYTHON = "urn:dynamic-orchestrator:python"
"""The namespace of `<call name='…'/>`, which stands for a handler of the class, and the type of its invokes."""

_TAGS = ((Kind.PARALLEL, "parallel"), (Kind.FINAL, "final"), (Kind.HISTORY, "history"))


def write_scxml(machine: type[Machine[Any, Any, Any]]) -> str:
    """The SCXML document of a machine, of one that was read as of one that was written as a class.

    >>> from fsm import Event, State, StateMachine, edge
    >>> from fsm.interop.scxml import write_scxml
    >>> class Press(Event): ...
    >>> class Lamp(StateMachine):
    ...     class Off(State, initial=True): ...
    ...     class On(State): ...
    ...     press = edge(Press, Off, to=On)
    >>> print(write_scxml(Lamp))
    <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="Lamp" initial="Off">
      <state id="Off">
        <transition event="Press" target="On" />
      </state>
      <state id="On" />
    </scxml>

    Guards and actions of a class are written by name: as `cond`, and as `<call name='…'/>` in a namespace of their own;
    whoever reads the document gives them a meaning with an evaluator. Raises DefinitionError for what SCXML cannot say
    at all: choices, events that a state defers, data of single states, children that get only some events.
    """
    return _Writer(machine).document()


class _Writer:
    """Writes one machine."""

    def __init__(self, machine: type[Machine[Any, Any, Any]]) -> None:
        self.machine, self.chart = machine, machine.__chart__
        self.transitions: dict[int, list[Transition]] = {}
        for transition in self.chart.transitions:
            self.transitions.setdefault(transition.source, []).append(transition)
        self.below: dict[int, list[Node]] = {}
        for node in self.chart.nodes[1:]:
            self.below.setdefault(node.parent, []).append(node)

    def document(self) -> str:
        """The text."""
        root = self.root()
        ElementTree.indent(root)
        return ElementTree.tostring(root, encoding="unicode")

    def root(self) -> ElementTree.Element:
        """The document as a tree."""
        problems = [*unsayable(self.chart)]
        if problems:
            raise DefinitionError(self.chart.name, problems)
        top = self.chart.nodes[0]
        read: dict[str, str] = getattr(self.machine, "__scxml__", {})
        name = read.get("name", "" if read else self.chart.name)
        given = {"version": "1.0", **({"name": name} if name else {}), **read}
        given.pop("initial", None)
        root = ElementTree.Element("scxml", {"xmlns": SCXML, **given})
        self._begin(root, top)
        if not read:
            root.extend(fields(self.chart))
        root.extend(plain(element) for handler in top.entry for element in _elements(handler.function))
        root.extend(self._node(child) for child in self.below.get(0, []))
        if any(name.startswith("python:") for element in root.iter() for name in (element.tag, *element.attrib)):
            root.set("xmlns:python", PYTHON)
        return root

    # ---- states

    def _node(self, node: Node) -> ElementTree.Element:
        made = ElementTree.Element(dict(_TAGS).get(node.kind, "state"), {"id": node.id})
        if node.kind is Kind.HISTORY:
            made.set("type", "deep" if node.deep else "shallow")
            parent = self.chart.nodes[node.parent]
            made.append(self._way(node.default or parent.initial or parent.children, node.default_actions))
            return made
        self._begin(made, node)
        self._entered(made, node)
        own = self.transitions.get(node.index, [])
        # what the machine itself takes, each state at the top takes last: so it leaves and enters the same
        above = self.transitions.get(0, []) if not node.parent and node.kind is not Kind.FINAL else []
        for transition in (*own, *above):
            self._shield(made, transition)
            made.append(self._transition(transition))
        made.extend(self._invoke(self.chart.invokes[number]) for number in node.invokes)
        if node.output is not None:
            made.append(_output(node.output))
        made.extend(self._node(child) for child in self.below.get(node.index, []))
        return made

    def _begin(self, made: ElementTree.Element, node: Node) -> None:
        """Where a compound state begins."""
        if node.initial_actions:
            ElementTree.SubElement(made, "initial").append(self._way(node.initial, node.initial_actions))
        elif node.initial:
            made.set("initial", self._ids(node.initial))

    def _entered(self, made: ElementTree.Element, node: Node) -> None:
        timers = [t for t in self.transitions.get(node.index, []) if t.trigger.kind == "after"]
        for handler in node.entry:
            found = _elements(handler.function)
            if found and handler.name == "datamodel":
                made.extend(plain(element) for element in found)
            elif found or not isinstance(handler.function, Block):
                _container(made, "onentry", [handler])
        for timer in timers:
            key = timer.trigger.key
            entry, exit = ElementTree.SubElement(made, "onentry"), ElementTree.SubElement(made, "onexit")
            delay = f"{timer.trigger.delay_ms}ms"
            ElementTree.SubElement(entry, "send", {"event": key, "id": key, "delay": delay})
            ElementTree.SubElement(exit, "cancel", {"sendid": key})
        for handler in node.exit:
            _container(made, "onexit", [handler])

    # ---- transitions

    def _transition(self, t: Transition) -> ElementTree.Element:
        cond = guard_text(self.chart, t.guard) if t.guard is not None else ""
        given = {"event": descriptors(self.chart, t), "cond": cond, "target": self._ids(t.targets)}
        made = ElementTree.Element("transition", {key: value for key, value in given.items() if value})
        if t.targets and not t.reenter and self.chart.nodes[t.source].kind is Kind.COMPOUND and t.source:
            made.set("type", "internal")
        _put(made, t.actions)
        return made

    def _shield(self, made: ElementTree.Element, t: Transition) -> None:
        """What SCXML takes for "a is done" it also takes for "a.b is done"; the latter gets a transition to nowhere."""
        if t.trigger.kind != "done":
            return
        told = [f"done.state.{node.id}" for node in self.chart.nodes if node.children]
        inner = [event for event in told if event.startswith(f"{t.trigger.key}.")]
        if inner:
            ElementTree.SubElement(made, "transition", {"event": " ".join(inner)})

    def _way(self, targets: Iterable[int], actions: Iterable[Handler]) -> ElementTree.Element:
        made = ElementTree.Element("transition", {"target": self._ids(targets)})
        _put(made, actions)
        return made

    def _ids(self, targets: Iterable[int]) -> str:
        return " ".join(self.chart.ids(tuple(targets)))

    # ---- invokes

    def _invoke(self, invocation: Invocation) -> ElementTree.Element:
        if isinstance(invocation.child, Child):
            return plain(invocation.child.element)
        made = ElementTree.Element("invoke", {"id": invocation.id})
        if invocation.child is not None:
            made.set("type", "scxml")
            if invocation.forward:
                made.set("autoforward", "true")
            content = ElementTree.SubElement(made, "content")
            content.extend(_Writer(machine).root() for machine in list(invocation.machines.values())[:1])
            ElementTree.SubElement(made, "param", {"name": "data", "expr": invocation.name})
        else:
            made.set("type", PYTHON)
            made.set("src", invocation.work.name)
        if invocation.timeout_ms is not None:
            made.set("python:timeout", delay_text(invocation.timeout_ms))
        return made


def _elements(function: Callable[..., Any]) -> tuple[Element, ...]:
    return function.elements if isinstance(function, (Block, Output)) else ()


def _container(made: ElementTree.Element, tag: str, handlers: Iterable[Handler]) -> None:
    _put(ElementTree.SubElement(made, tag), handlers)


def _put(made: ElementTree.Element, handlers: Iterable[Handler]) -> None:
    for handler in handlers:
        if isinstance(handler.function, Block):
            made.extend(plain(element) for element in handler.function.elements)
        else:
            ElementTree.SubElement(made, "python:call", {"name": handler.name})


def _output(handler: Handler) -> ElementTree.Element:
    found = _elements(handler.function)
    if found:
        return plain(found[0])
    made = ElementTree.Element("donedata")
    ElementTree.SubElement(made, "content", {"expr": handler.name})
    return made
