"""The transitions and invokes of a document, state by state, the machine's own last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fsm.chart.chart import ALWAYS, Trigger
from fsm.chart.delay import delay_ms, delay_text
from fsm.chart.sketch import InvokeSketch, TransitionSketch
from fsm.interop.document_actions import Actions, unfit
from fsm.interop.document_dialect import InvokeForm, StateForm, TransitionForm, WayForm
from fsm.interop.document_places import Places


class Edges:
    """Makes sketches of what leads from state to state."""

    def __init__(self, places: Places, actions: Actions) -> None:
        self.places, self.actions = places, actions
        self.transitions: list[TransitionSketch] = []
        self.invokes: list[InvokeSketch] = []
        self._timers: set[str] = set()
        self._ids: dict[tuple[str, int], str] = {}
        """The id of each invoke, by its state and its number there."""
        self._owners: dict[str, str] = {}
        """The state of each invoke."""
        for state, form in places.ids.items():
            for n, invoke in enumerate(form.invoke):
                id = invoke.id or (invoke.call if invoke.call not in self._owners else f"{invoke.call}@{state}")
                self._ids[state, n] = id
                self._owners.setdefault(id, state)

    def of_state(self, id: str, form: StateForm) -> None:
        """The invokes and transitions that stand in a state."""
        path = self.places.where[id]
        for n, invoke in enumerate(form.invoke):
            self._invoke(self._ids[id, n], id, invoke, f"{path}.invoke[{n}]")
        for n, edge in enumerate(form.transitions):
            self.transition(edge, id, f"{path}.transitions[{n}]")

    def _invoke(self, id: str, state: str, form: InvokeForm, path: str) -> None:
        self.places.name(id, f"{path}.id")
        timeout = self._delay(form.timeout, f"{path}.timeout") if form.timeout is not None else None
        work = self.actions.handler(form.call, f"{path}.call")
        self.invokes.append(InvokeSketch(id, state, work, timeout, where=path))
        for key, kind, name in (("done", "answered", f"done.invoke.{id}"), ("failed", "failed", f"error.invoke.{id}")):
            ways: list[WayForm] = getattr(form, key)
            for n, way in enumerate(ways):
                made = self._way(way, state, f"{path}.{key}[{n}]", way.name or f"{id}.{key}")
                self._lead(made, way, [(state, Trigger(kind, key=name))])

    def transition(self, form: TransitionForm, scope: str, path: str) -> None:
        """A transition, one for each of its sources."""
        before = len(self.places.problems)
        if form.source in ([], ["*"]):
            sources: Sequence[str] = [self._origin(form, scope)]
        else:
            sources = self.places.states(form.source, scope, f"{path}.source")
        starts = [(source, self._trigger(form, source, f"{path}.trigger")) for source in sources or [scope]]
        made = self._way(form, scope, path, form.name)
        if len(self.places.problems) == before:
            self._lead(made, form, starts)

    def _origin(self, form: TransitionForm, scope: str) -> str:
        """Where a transition without source begins: at an invoke's end its state, else where it stands."""
        invoke = form.trigger.done or form.trigger.failed
        return self._owners.get(invoke, scope) if invoke and not form.source else scope

    def _way(self, form: WayForm, scope: str, path: str, name: str) -> TransitionSketch:
        """A transition, but for its source and its trigger."""
        find = self.places.finder(scope)
        return TransitionSketch(
            "",
            Trigger(""),
            self.places.states([dest for dest in form.dest if dest != "="], scope, f"{path}.dest"),
            guard=self.actions.guard(form.conditions, form.unless, path, find),
            actions=(
                *self.actions.handlers(form.before, f"{path}.before", find),
                *self.actions.handlers(form.after, f"{path}.after", find),
            ),
            reenter=form.reenter,
            name=name,
            doc=form.description,
            where=path,
        )

    def _lead(self, made: TransitionSketch, form: WayForm, starts: Iterable[tuple[str, Trigger]]) -> None:
        for source, trigger in starts:
            if "=" in form.dest and not source:
                self.places.wrong(f"{made.where}.dest", "'=' is the source again, and there is none; name a source")
            again = (source,) if source and "=" in form.dest else ()
            self.transitions.append(replace(made, source=source, trigger=trigger, targets=(*made.targets, *again)))

    def _trigger(self, form: TransitionForm, source: str, path: str) -> Trigger:
        """What a transition waits for."""
        wanted = form.trigger
        if wanted.events is not None:
            return self._events(wanted.events, path)
        if wanted.always:
            return Trigger("always", key=ALWAYS)
        if wanted.all_done:
            return Trigger("done", key=f"done.state.{source}")
        if wanted.after is not None:
            delay = self._delay(wanted.after, f"{path}.after") or 0
            return Trigger("after", key=self._timer(source, form.name or delay_text(delay)), delay_ms=delay)
        invoke = wanted.done or wanted.failed or ""
        if invoke not in self._owners:
            known = ", ".join(self._owners) or "none"
            self.places.wrong(path, f"no invoke {invoke!r}; there are {known}")
        kind, word = ("answered", "done") if wanted.done else ("failed", "error")
        return Trigger(kind, key=f"{word}.invoke.{invoke}")

    def _events(self, names: list[str], path: str) -> Trigger:
        for name in names:
            plain = "every" if name == "*" else name.removesuffix(".*")
            if "*" in plain or unfit(plain):
                self.places.wrong(path, f"{unfit(plain) or repr(name)}; * is every event, pay.* all below pay")
        return Trigger("event", names=tuple(names))

    def _timer(self, source: str, name: str) -> str:
        """The key of a timer: it stays the same as long as its state and its name do."""
        key, n = f"after:{source}#{name}", 2
        while key in self._timers:
            key, n = f"after:{source}#{name}.{n}", n + 1
        self._timers.add(key)
        return key

    def _delay(self, text: str, path: str) -> int | None:
        return self.places.found(lambda: delay_ms(text), path)
