"""The reader of documents: from a validated form to a sketch; what is wrong is collected, not raised."""

from __future__ import annotations

from fsm.chart.chart import Handler, Service
from fsm.chart.context import Context
from fsm.chart.sketch import Sketch, StateSketch
from fsm.chart.state import Kind
from fsm.interop.document_actions import Actions
from fsm.interop.document_dialect import MachineForm, StateForm, is_name
from fsm.interop.document_edges import Edges
from fsm.interop.document_fields import Fields
from fsm.interop.document_places import Places
from fsm.interop.document_registry import Registry


class Reader:
    """Makes the sketch of one document."""

    def __init__(self, form: MachineForm, registry: Registry) -> None:
        self.form, self.registry = form, registry
        self.places = Places(form)
        context = self._context()
        fields = {name: field.annotation for name, field in context.model_fields.items()}
        self.actions = Actions(registry, fields, self.places.wrong)
        root = StateSketch("", kind=Kind.PARALLEL if form.parallel else Kind.ATOMIC)
        self.sketch = Sketch(form.name, root, context=context)

    def read(self) -> Sketch:
        """The sketch, as far as the document makes sense."""
        form, sketch, places = self.form, self.sketch, self.places
        sketch.services = tuple(self._services())
        sketch.root.initial = places.states(form.initial, "", "initial")
        sketch.root.children = [self._state(s, id) for id, s in places.within("")]
        edges = Edges(places, self.actions)
        for id, state in places.ids.items():
            edges.of_state(id, state)
        for n, edge in enumerate(form.transitions):
            edges.transition(edge, "", f"transitions[{n}]")
        sketch.transitions, sketch.invokes = edges.transitions, edges.invokes
        sketch.version, sketch.unhandled, sketch.doc = form.version, form.unhandled, form.description
        return sketch

    def _services(self) -> list[Service]:
        found = []
        for attribute, name in self.form.services.items():
            made = self._service(attribute, name)
            if made is not None:
                found.append(made)
        return found

    def _service(self, attribute: str, name: str) -> Service | None:
        return self.places.found(lambda: self.registry.service(attribute, name), f"services.{attribute}")

    def _context(self) -> type[Context]:
        context = self.form.context
        if isinstance(context, str):
            return self.places.found(lambda: self.registry.context(context), "context") or Context
        return (
            Fields(self.places.problems).context(f"{self.form.name}Context", context, ("context",))
            if context
            else Context
        )

    # ---- states

    def _state(self, form: StateForm, id: str) -> StateSketch:
        path = self.places.where[id]
        find = self.places.finder(id)
        kind = Kind.PARALLEL if form.parallel else Kind.FINAL if form.final else Kind.ATOMIC
        if form.history:
            kind = Kind.HISTORY
        self._misplaced(form, kind, path)
        return StateSketch(
            id,
            kind=kind,
            children=[self._state(s, i) for i, s in self.places.within(id)],
            initial=self.places.states(form.initial, id, f"{path}.initial"),
            default=self.places.states(form.default, id, f"{path}.default"),
            default_actions=self.actions.handlers(form.on_default, f"{path}.on_default", find),
            deep=form.history == "deep",
            entry=self.actions.handlers(form.on_enter, f"{path}.on_enter", find),
            exit=self.actions.handlers(form.on_exit, f"{path}.on_exit", find),
            output=self._output(form, path, id),
            name=form.name,
            tags=frozenset(form.tags),
            doc=form.description,
            where=path,
        )

    def _misplaced(self, form: StateForm, kind: Kind, path: str) -> None:
        """Report what a state of this kind cannot have."""
        if form.final and (form.history or form.parallel):
            self.places.wrong(path, "is final and something else at once; keep one of final, history and parallel")
        has = {
            "initial": form.initial and (kind is not Kind.ATOMIC or not form.children),
            "default": form.default and kind is not Kind.HISTORY,
            "on_default": form.on_default and kind is not Kind.HISTORY,
            "output": form.output is not None and kind is not Kind.FINAL,
            "invoke": form.invoke and kind in (Kind.FINAL, Kind.HISTORY),
            "on_enter": form.on_enter and kind is Kind.HISTORY,
            "on_exit": form.on_exit and kind is Kind.HISTORY,
        }
        belongs = {"initial": "a state with children", "output": "a final state", "default": "a history"}
        for field in (name for name, there in has.items() if there):
            whose = belongs.get(field, "a history" if field == "on_default" else "a state that can be active")
            self.places.wrong(f"{path}.{field}", f"belongs to {whose}; take it out")

    def _output(self, form: StateForm, path: str, id: str) -> Handler | None:
        data = form.output
        if data is None:
            return None
        if isinstance(data, str) and is_name(data):
            return self.actions.handler(data, f"{path}.output")
        value = self.actions.value(data, f"{path}.output", self.places.finder(id))
        return Handler(f"output of {id}", value, value, path)
