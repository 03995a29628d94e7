"""The evaluator: the language of a document's expressions, which whoever reads the document brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fsm.chart.context import Context
from fsm.chart.event import Event, Signal
from fsm.interop.scxml_tree import Element

PROCESSOR = "http://www.w3.org/TR/scxml/#SCXMLEventProcessor"
"""The name of the one event processor that is known: machines send events to machines."""


class Variables(Context):
    """The data model of a document: what its variables hold, as JSON."""

    data: dict[str, Any] = {}
    """Values by name, None for a variable without one. What is in it at the start comes before the document's own."""
    bound: list[str] = []
    """States whose data has its first values, where the document binds late."""


class Raised(Signal, name="signal.raised"):
    """A signal from the machine's internal queue."""


Place = tuple[str, str]
"""Where content stands: its role ("entry", "exit" or "transition") and the id of its state."""


class Scene:
    """What an expression sees: the data, the event, the machine.

    `data` is changed in place by assignments; `system` has the variables that nobody may change.
    """

    __slots__ = ("_place", "cause", "machine")

    def __init__(self, machine: Any, cause: Event, place: Place | None = None) -> None:
        self.machine, self.cause, self._place = machine, cause, place

    @property
    def data(self) -> dict[str, Any]:
        """The variables by name."""
        found: dict[str, Any] = self.machine.ctx.data
        return found

    @property
    def event(self) -> dict[str, Any] | None:
        """The event as `_event` shows it; None as long as there was none."""
        event = self.cause
        if not isinstance(event, Signal):
            return None
        platform = event.name.startswith(("done.", "error."))
        kind = "platform" if platform else "internal" if isinstance(event, Raised) else "external"
        return {
            "name": event.name,
            "type": kind,
            "sendid": event.sendid or None,
            "origin": f"#_scxml_{event.origin}" if event.origin else None,
            "origintype": PROCESSOR if kind == "external" else None,
            "invokeid": event.invoke or None,
            "data": event.data,
        }

    @property
    def system(self) -> Mapping[str, Any]:
        """`_sessionid`, `_name`, `_ioprocessors`, and `_event` when there is one."""
        location = {"location": f"#_scxml_{self.machine.id}"}
        found: dict[str, Any] = {
            "_sessionid": self.machine.id,
            "_name": type(self.machine).__scxml__.get("name", ""),
            "_ioprocessors": {PROCESSOR: location, "scxml": location},
        }
        event = self.event
        return found if event is None else {**found, "_event": event}

    def inside(self, state: str) -> bool:
        """Whether a state is active at this moment: `In(…)`.

        Content that runs while states are left and entered sees those that are not left yet, or entered already.
        """
        chart, live = self.machine.__chart__, self.machine._scope
        number = chart.index.get(state)
        if number is None or self._place is None or live.plan is None:
            return number in live.at.members
        role, own = self._place[0], chart.index[self._place[1]]
        if number in live.plan.entered and role == "entry":
            return bool(number <= own)
        if number in live.plan.exited:
            return role == "exit" and bool(number <= own)
        return number in live.at.members


Question = Callable[[Scene], bool]
Value = Callable[[Scene], Any]
Assignment = Callable[[Scene, Any], None]
Deed = Callable[[Scene], None]


class Evaluator(Protocol):
    """An expression language. Each method takes text apart once, when a document is read, and gives a function.

    A method raises ValueError for text that is not of the language: the document is refused. A function raises what it
    likes: in a condition that counts as false, elsewhere it ends the block; both queue `error.execution`.

    >>> class Names:  # a language in which an expression is the name of a variable
    ...     def guard(self, text): return lambda scene: scene.data[text] is True
    ...     def value(self, text): return lambda scene: scene.data[text]
    ...     def location(self, text, *, declare=False): return lambda scene, value: scene.data.update({text: value})
    ...     def execute(self, element): raise ValueError(f"{element.name} means nothing here")
    >>> from fsm.interop.scxml import read_scxml
    >>> read_scxml('''<scxml xmlns="http://www.w3.org/2005/07/scxml"><datamodel><data id="x">true</data></datamodel>
    ...   <state id="a"><transition cond="x" target="b"/></state><state id="b"/></scxml>''', Names()
    ... ).rehearse().configuration
    frozenset({'b'})
    """

    def guard(self, text: str) -> Question:
        """`cond`: a question."""
        ...

    def value(self, text: str) -> Value:
        """`expr`, `array`, `namelist` and all that end in `expr`: a value, which JSON can carry."""
        ...

    def location(self, text: str, *, declare: bool = False) -> Assignment:
        """`location`, `idlocation`; `item` and `index`, which `declare` their variable: where to put a value."""
        ...

    def execute(self, element: Element) -> Deed:
        """`script`, and elements of other namespaces among executable content."""
        ...
