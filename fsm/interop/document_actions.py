"""What a document lets a machine do: its guards, its actions as handlers, its values as functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, reduce
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fsm.chart.chart import Handler
from fsm.chart.delay import delay_ms
from fsm.chart.event import Signal
from fsm.chart.guard import Both, Either, Guard, InState, Not, Predicate
from fsm.errors import ExpressionFailed
from fsm.interop.document_dialect import ActionForm, GuardForm, is_name
from fsm.interop.document_registry import Registry
from fsm.interop.expression import Expression, Language, states_in

Value = Callable[[Any, Any], Any]
"""A value of a document, ready to be worked out: (machine, event) -> JSON."""
State = Callable[[str], str | None]
"""Finds the id of a state that a document names; None, and reported, where there is none."""


class Actions:
    """Makes guards and handlers over one context, given as field -> annotation; mistakes go to `wrong(path, text)`."""

    def __init__(self, registry: Registry, fields: Mapping[str, Any], wrong: Callable[[str, str], None]) -> None:
        self.registry, self.fields, self.wrong = registry, fields, wrong

    @cached_property
    def language(self) -> Language:
        """The expressions; loaded when the first one is met."""
        return Language(self.fields)

    # ---- guards

    def guard(self, wanted: list[GuardForm], unwanted: list[GuardForm], path: str, find: State) -> Guard | None:
        """All that is wanted and nothing that is not."""
        parts = [self._part(c, f"{path}.conditions[{n}]", find) for n, c in enumerate(wanted)]
        parts += [Not(self._part(c, f"{path}.unless[{n}]", find)) for n, c in enumerate(unwanted)]
        return reduce(Both, parts) if parts else None

    def _part(self, form: GuardForm, path: str, find: State) -> Guard:
        made = self._unlabelled(form, path, find)
        if form.label:
            made.label = form.label
            made.strength = made.strength if form.expr is None else _strength(form.label)
        return made

    def _unlabelled(self, form: GuardForm, path: str, find: State) -> Guard:
        if form.call is not None:
            return self._asked(form.call, self._called(form.call, path))
        if form.expr is not None:
            return self._asked(form.expr, self._expression(form.expr, path, bool, find))
        if form.in_state is not None:
            made = reduce(Either, [self._inside(id, path, find) for id in form.in_state or [""]])
            made.strength = InState.strength
            return made
        if form.none is not None:
            return Not(self._part(form.none, f"{path}.not", find))
        word, kind, several = ("all", Both, form.all) if form.all else ("any", Either, form.any or [])
        return reduce(kind, [self._part(c, f"{path}.{word}[{n}]", find) for n, c in enumerate(several)])

    def _asked(self, label: str, call: Value) -> Guard:
        made = Predicate(call)
        made.label, made.strength = " ".join(label.split()), _strength(label)
        return made

    def _inside(self, name: str, path: str, find: State) -> Guard:
        found = find(name)
        if found is None:
            self.wrong(path, f"there is no state {name!r}; write its path, such as Open.Cart")
        made = InState(found or "")
        made.label = f"in {name.rpartition('.')[2]}"
        return made

    # ---- values

    def value(self, data: Any, path: str, find: State) -> Value:
        """A value whose texts are expressions."""
        match data:
            case str():
                return self._expression(data, path, None, find)
            case list():
                parts = [self.value(part, f"{path}[{n}]", find) for n, part in enumerate(data)]
                return lambda machine, event: [part(machine, event) for part in parts]
            case dict():
                named = {name: self.value(part, f"{path}.{name}", find) for name, part in data.items()}
                return lambda machine, event: {name: part(machine, event) for name, part in named.items()}
            case _:
                return lambda machine, event: data

    def _expression(self, text: str, path: str, wanted: Any, find: State) -> Value:
        try:
            made = self.language.compile(text)
        except ValueError as problem:
            self.wrong(path, f"{text!r}: {problem}")
            return _nothing
        for name in states_in(text):
            if find(name) != name:
                self.wrong(path, f"in_state({name!r}): there is no such state; write its path, such as Open.Cart")
        if wanted is not None and not made.fits(wanted):
            self.wrong(
                path, f"{text!r} gives {made.kind.name()}, where {wanted.__name__} is needed; compare it with something"
            )
        return made

    def _called(self, name: str, path: str) -> Value:
        return self.handler(name, path).call

    def handler(self, name: str, path: str) -> Handler:
        """A registered function."""
        try:
            return self.registry.handler(name, path)
        except ValueError as problem:
            self.wrong(path, str(problem))
            return Handler(name, _nothing, _nothing, path)

    # ---- actions

    def handlers(self, forms: list[ActionForm], path: str, find: State) -> tuple[Handler, ...]:
        """Actions in the order in which they run."""
        return tuple(self._action(form, f"{path}[{n}]", find) for n, form in enumerate(forms))

    def _action(self, form: ActionForm, path: str, find: State) -> Handler:
        if form.call is not None:
            return self.handler(form.call, path)
        if form.assign is not None:
            return _handler(f"assign {', '.join(form.assign)}", self._assign(form.assign, f"{path}.assign", find), path)
        if form.raised is not None:
            return _handler(f"raise {form.raised}", self._raise(form, form.raised, path, find), path)
        if form.send is not None:
            return _handler(f"send {form.send}", self._send(form, form.send, path, find), path)
        name = form.cancel or ""
        return _handler(f"cancel {name}", lambda machine, event: machine.cancel_send(name), path)

    def _assign(self, fields: Mapping[str, Any], path: str, find: State) -> Value:
        values: dict[str, Value] = {}
        for field, data in fields.items():
            if field not in self.fields:
                known = ", ".join(self.fields) or "none; give the document a context"
                self.wrong(f"{path}.{field}", f"the context has no {field!r}; its fields are {known}")
                continue
            values[field] = self.value(data, f"{path}.{field}", find)
            self._fits(values[field], data, self.fields[field], f"{path}.{field}")

        def assign(machine: Any, event: Any) -> None:
            ctx = machine.ctx
            for field, found in {f: value(machine, event) for f, value in values.items()}.items():
                type(ctx).__pydantic_validator__.validate_assignment(ctx, field, found)

        return assign

    def _fits(self, value: Value, data: Any, annotation: Any, path: str) -> None:
        """Report an expression whose type, or a number whose value, a field cannot have."""
        if isinstance(value, Expression) and not value.fits(annotation):
            kind = self.language.kind_of(annotation).name()
            self.wrong(
                path,
                f"{value.text!r} gives {value.kind.name()}, {kind} is needed; convert with int(…), double(…) or"
                f" string(…)",
            )
        elif data is None or isinstance(data, (bool, int, float)):
            try:
                TypeAdapter(annotation).validate_python(data)
            except ValidationError as problem:
                self.wrong(path, f"{data!r} does not fit: {problem.errors()[0]['msg']}; write a value that does")

    def _raise(self, form: ActionForm, name: str, path: str, find: State) -> Value:
        self._event_name(name, f"{path}.raise")
        data = self.value(form.data, f"{path}.data", find)
        return lambda machine, event: machine.raise_(Signal(name=name, data=data(machine, event)))

    def _send(self, form: ActionForm, name: str, path: str, find: State) -> Value:
        self._event_name(name, f"{path}.send")
        try:
            delay_ms(form.delay or "0s")
        except ValueError as problem:
            self.wrong(f"{path}.delay", str(problem))
        data, to = self.value(form.data, f"{path}.data", find), self.value(form.to, f"{path}.to", find)
        self._fits(to, form.to, str if form.to is not None else type(None), f"{path}.to")

        def send(machine: Any, event: Any) -> None:
            whom = to(machine, event)
            if not isinstance(whom, str | None):
                raise ExpressionFailed(f"{form.to!r} gives {whom!r}, which is not the id of an instance; make it text.")
            machine.send(Signal(name=name, data=data(machine, event)), whom, delay=form.delay, id=form.id)

        return send

    def _event_name(self, name: str, path: str) -> None:
        wrong = unfit(name)
        if wrong:
            self.wrong(path, wrong)


def unfit(name: str) -> str:
    """Why a text cannot be the name of an event; empty where it can."""
    if not name or not name.isprintable() or "(" in name or name != name.strip() or name.startswith("after:"):
        return f"{name!r} cannot be the name of an event; use letters, digits, dots, - and _"
    return ""


def _strength(label: str) -> int:
    """How a label binds: an expression is put in parentheses inside of others."""
    return Guard.strength if is_name(label) else 1


def _handler(name: str, call: Value, path: str) -> Handler:
    return Handler(name, call, call, path)


def _nothing(machine: Any, event: Any) -> None:
    """Stands in the place of a mistake until all of them are reported."""
