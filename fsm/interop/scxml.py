"""SCXML: W3C state chart documents as machines, and machines as documents."""

from __future__ import annotations

from typing import Any

from fsm.chart.sketch import machine_of
from fsm.interop.scxml_evaluator import Evaluator, Scene, Variables
from fsm.interop.scxml_expressions import Expressions, Load
from fsm.interop.scxml_invoke import Class
from fsm.interop.scxml_reader import sketch_of
from fsm.interop.scxml_tree import Element, parse
from fsm.interop.scxml_writer import write_scxml
from fsm.machine import StateMachine

__all__ = ["Element", "Evaluator", "Scene", "Variables", "read_scxml", "write_scxml"]


def read_scxml(
    text: str | bytes, evaluator: Evaluator | None = None, *, load: Load | None = None
) -> type[StateMachine[Variables]]:
    """The machine of an SCXML document; its events are wire names with a payload.

    >>> Lamp = read_scxml('''
    ... <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="lamp">
    ...   <state id="off"><transition event="press" target="on"/></state>
    ...   <state id="on"><transition event="press" cond="In('on')" target="off"/></state>
    ... </scxml>''')
    >>> Lamp.rehearse().send("press").configuration
    frozenset({'on'})

    The `evaluator` is the language of its expressions; without one a document may use none but `In(…)`, `true`, `false`
    with not, and, or. `load` gives the text of what `src` names. Events that nothing takes are ignored, and errors too.

    Raises DefinitionError with everything that is wrong: the line, the element, and how to mend it.
    """
    return _read(parse(text), "", evaluator, load)


def _read(root: Element, name: str, evaluator: Evaluator | None, load: Load | None) -> type[StateMachine[Variables]]:
    def child(document: str | Element, name: str) -> Class:
        return _read(parse(document, name) if isinstance(document, str) else document, name, evaluator, load)

    reading = Expressions(evaluator, load)
    title = name or root.get("name") or "scxml"
    sketch = sketch_of(root, title, reading, child)
    reading.finish(title)
    made: Any = machine_of(sketch, StateMachine, __scxml__=dict(root.attrib))
    machine: type[StateMachine[Variables]] = made
    return machine
