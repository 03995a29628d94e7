"""The writer of documents: a chart in our dialect, its handlers as names that a registry has to know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fsm.chart.chart import Chart, Handler, Invocation, Node, Transition, Trigger
from fsm.chart.context import Context
from fsm.chart.delay import delay_text
from fsm.chart.event import Event, known_events
from fsm.chart.guard import Both, Either, Guard, InState, Not, Predicate, parts
from fsm.chart.state import Kind
from fsm.errors import DefinitionError
from fsm.interop.document_dialect import is_name
from fsm.interop.document_schema import fields_of

Data = dict[str, Any]


def written(chart: Chart) -> Data:
    """The document of a chart. Raises DefinitionError with everything that it cannot say."""
    writer = _Writer(chart)
    found = writer.machine()
    if writer.problems:
        raise DefinitionError(chart.name, writer.problems)
    return found


def functions_of(chart: Chart) -> dict[str, Any]:
    """The registry that the document of a class needs: its functions, contracts and context by name."""
    found: dict[str, Any] = {s.contract.__name__: s.contract for s in chart.services}
    found[chart.context.__name__] = chart.context
    for handler in _handlers(chart):
        found[handler.name] = handler.function
    for transition in chart.transitions:
        for part in parts(transition.guard) if transition.guard is not None else ():
            if isinstance(part, Predicate):
                found[part.label] = part.function
    return found


def _handlers(chart: Chart) -> Iterable[Handler]:
    for node in chart.nodes:
        yield from (*node.entry, *node.exit, *node.default_actions)
        if node.output is not None:
            yield node.output
    for transition in chart.transitions:
        yield from transition.actions
    yield from (i.work for i in chart.invokes)


class _Writer:
    def __init__(self, chart: Chart) -> None:
        self.chart, self.problems = chart, list[str]()

    def machine(self) -> Data:
        chart, root = self.chart, self.chart.nodes[0]
        if chart.search:
            self._cannot("search=", "names fields that instances are found by; declare them in a subclass in code")
        return _filled(
            {
                "name": chart.name,
                "version": chart.version if chart.version != "1" else "",
                "description": chart.doc,
                "unhandled": chart.unhandled if chart.unhandled != "raise" else "",
                "context": self._context(),
                "services": {s.name: s.contract.__name__ for s in chart.services},
                "initial": self._initial(root),
                "parallel" if root.kind is Kind.PARALLEL else "states": self._children(root),
                "transitions": [self._transition(t) for t in chart.transitions],
            }
        )

    def _context(self) -> Any:
        context = self.chart.context
        if context is Context:
            return {}
        fields = fields_of(context)
        return context.__name__ if fields is None else fields

    # ---- states

    def _children(self, node: Node) -> list[Any]:
        return [self._state(n) for n in self.chart.nodes[1:] if n.parent == node.index]

    def _state(self, node: Node) -> Any:
        for field, text in (
            ("initial_actions", "content of its initial transition"),
            ("choice", "a choice; use transitions with always"),
            ("defers", "deferred events; use unhandled: defer"),
            ("data", "data of its own; use the context"),
        ):
            if getattr(node, field, None):
                self._cannot(node.id, f"has {text}")
        found = _filled(
            {
                "name": node.id.rpartition(".")[2],
                "description": node.doc,
                "tags": sorted(node.tags),
                "initial": self._initial(node),
                "final": node.kind is Kind.FINAL,
                "history": ("deep" if node.deep else "shallow") if node.kind is Kind.HISTORY else "",
                "default": [self._id(i) for i in node.default],
                "on_default": self._names(node.default_actions),
                "on_enter": self._names(node.entry),
                "on_exit": self._names(node.exit),
                "output": self._names([node.output])[0] if node.output is not None else "",
                "invoke": [self._invoke(self.chart.invokes[i]) for i in node.invokes],
                "parallel" if node.kind is Kind.PARALLEL else "children": self._children(node),
            }
        )
        return found if len(found) > 1 else found["name"]

    def _initial(self, node: Node) -> list[str]:
        first = next((n.index for n in self.chart.nodes[node.index + 1 : node.end] if n.kind is not Kind.HISTORY), -1)
        return [self._id(i) for i in node.initial] if node.initial != (first,) else []

    def _id(self, index: int) -> str:
        return self.chart.nodes[index].id

    def _invoke(self, invoke: Invocation) -> Data:
        if invoke.child is not None or invoke.forward or invoke.finalize is not None:
            self._cannot(invoke.id, "runs a child machine; use send and an event that comes back")
        if invoke.fan is not None:
            self._cannot(invoke.id, "runs for each item of a list; let one function do all of it")
        if invoke.undo is not None or invoke.undoes is not None:
            self._cannot(invoke.id, "can be undone, or undoes; use states and transitions for it")
        if invoke.person is not None:
            self._cannot(invoke.id, "is a human task; ask the person outside, and send the answer as an event")
        name = self._names([invoke.work])[0]
        timeout = "" if invoke.timeout_ms is None else delay_text(invoke.timeout_ms)
        return _filled({"call": name, "id": invoke.id if invoke.id != name else "", "timeout": timeout})

    # ---- transitions

    def _transition(self, t: Transition) -> Data:
        source = self._id(t.source)
        if t.undo is not None:
            self._cannot(t.name, "can be undone; use states and transitions for it")
        name = t.name if t.name != t.trigger.label else ""
        if t.trigger.word != "after":
            self._cannot(t.name, f"waits for {t.trigger.label} of a task or a deadline; use after")
        return _filled(
            {
                "trigger": self._trigger(t.trigger),
                "source": [source] if source else [],
                "dest": [self._id(i) for i in t.targets],
                "conditions": [] if t.guard is None else [self._guard(t.guard, t.where)],
                "before": self._names(t.actions),
                "reenter": t.reenter,
                "name": name,
                "description": t.doc,
            }
        )

    def _trigger(self, trigger: Trigger) -> Any:
        match trigger.kind:
            case "event":
                return list(trigger.names or (n for e in trigger.events for n in _wire_names(e)))
            case "after":
                return {"after": delay_text(trigger.delay_ms)}
            case "always":
                return {"always": True}
            case "done":
                return {"all_done": True}
            case "answered":
                return {"done": trigger.key.removeprefix("done.invoke.")}
            case "failed":
                return {"failed": trigger.key.removeprefix("error.invoke.")}
            case kind:  # that of a choice, which is told with its state
                return kind

    def _guard(self, guard: Guard, where: str) -> Any:
        match guard:
            case Predicate():
                if not is_name(guard.label):
                    self._cannot(where, f"its guard {guard.label} has no name; write it as a method with @guard")
                return guard.label
            case InState():
                ids = [self.chart.nodes[n].id for n in self._inside(guard)]
                own = f"in {ids[0].rpartition('.')[2]}" if len(ids) == 1 else ""
                return _filled({"in_state": ids, "label": guard.label if guard.label != own else ""})
            case Not():
                return {"not": self._guard(guard.inner, where)}
            case Both() | Either():
                word = "all" if isinstance(guard, Both) else "any"
                data = {word: [self._guard(guard.left, where), self._guard(guard.right, where)]}
                own = type(guard)(guard.left, guard.right).label
                return data if own == guard.label else {**data, "label": guard.label}
            case _:
                self._cannot(where, f"its guard {guard.label} is of a kind that documents do not have")
                return ""

    def _inside(self, guard: InState) -> list[int]:
        if isinstance(guard.state, str):
            return [self.chart.index[guard.state]]
        state = guard.state
        return sorted(i for cls, i in self.chart.numbers.items() if issubclass(cls, state))

    # ---- names

    def _names(self, handlers: Iterable[Handler]) -> list[str]:
        found = [h.name for h in handlers]
        for name in found:
            if not is_name(name):
                self._cannot(name, "is not a name that a registry can have; write it as a function with def")
        return found

    def _cannot(self, what: str, text: str) -> None:
        self.problems.append(f"{what}: {text}; a document cannot say it")


def _wire_names(event: type[Event]) -> list[str]:
    """The names that an edge on an event class takes: those of its subclasses too."""
    if event is Event:
        return ["*"]
    return list(dict.fromkeys((event.__wire__, *known_events((event,)))))


def _filled(data: Data) -> Data:
    """The fields that say something; a list of one without its brackets."""
    return {
        k: v[0] if isinstance(v, list) and len(v) == 1 and isinstance(v[0], str) else v
        for k, v in data.items()
        if v not in ("", [], {}, False, None)
    }
