"""The expression language of documents: CEL, compiled and type-checked against a context before anything runs.

An expression sees `ctx.<field>`, `event.name`, `event.data`, `id`, `parent`, `now` and `in_state("Open.Cart")`. It
cannot loop without end, call Python or change anything.
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter

from fsm.chart import annotations as notes
from fsm.chart.event import Event, wire_name
from fsm.errors import ExpressionFailed, MissingExtra

_ACTIVE: ContextVar[frozenset[str]] = ContextVar("active")
"""The states that `in_state` finds active, while an expression is evaluated."""
_WRONG = re.compile(r"<input>:(\d+):(\d+): (.*)")
_LITERAL = re.compile(
    r"""\bin_state\s*\(\s*(?P<state>'[^'\\]*'|"[^"\\]*")\s*\)|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL
)
See = Callable[[Any, Event], Any]
"""Finds something that an expression sees: (machine, event) -> value."""


class Expression:
    """A compiled expression; called with the machine and the event, it gives its value."""

    def __init__(self, language: Language, text: str, program: Any, kind: Any) -> None:
        self.text, self.kind = text, kind
        self._language, self._program = language, program
        # an identifier stands in the text as it is: what does not is not worked out
        self._sees = [(key, see) for key, see in language.sees.items() if key.rpartition(".")[2] in text]

    def __call__(self, machine: Any, event: Event) -> Any:
        """The value. Raises ExpressionFailed."""
        token = _ACTIVE.set(machine._scope.at.active)
        try:
            value = self._program.eval(data={key: see(machine, event) for key, see in self._sees})
        except RuntimeError as problem:
            raise self._failed(problem, event) from problem
        finally:
            _ACTIVE.reset(token)
        if value.type() == self._language.types.ERROR:
            raise self._failed(value.plain_value(), event)
        return value.plain_value()

    def _failed(self, problem: object, event: Event) -> ExpressionFailed:
        text = str(problem).partition(" [")[0].partition(": ")[2] or str(problem)
        return ExpressionFailed(
            f"{self.text!r} has no value on {wire_name(event)!r}: {text}. Ask first, as in"
            f" `has(event.data.amount) && …`,"
            f" and convert with int(…), double(…) or string(…)."
        )

    def fits(self, annotation: Any) -> bool:
        """Whether the value can be of a Python type, as far as that is known now."""
        return _fits(str(self._language.kind_of(annotation).name()), str(self.kind.name()))


class Language:
    """Compiles expressions over the fields of one context, given as name -> annotation. Raises MissingExtra."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        cel = _cel()
        self.types = cel.Type
        t = self.types
        known = {f"ctx.{name}": self.kind_of(annotation) for name, annotation in fields.items()}
        self.sees: dict[str, See] = {f"ctx.{name}": _field(name, annotation) for name, annotation in fields.items()}
        self.sees |= {
            "event.name": lambda machine, event: wire_name(event),
            "event.data": _payload,
            "id": lambda machine, event: machine.id,
            "parent": lambda machine, event: machine.parent,
            "now": lambda machine, event: machine.now,
        }
        asked = cel.Overload("in_state_string", t.BOOL, [t.STRING], False, lambda state: state in _ACTIVE.get())
        self._env = cel.NewEnv(
            variables={
                **known,
                "event.name": t.STRING,
                "event.data": t.DYN,
                "id": t.STRING,
                "parent": t.STRING,
                "now": t.TIMESTAMP,
            },
            functions=[cel.FunctionDecl("in_state", [asked])],
        )

    def compile(self, text: str) -> Expression:
        """The expression of a text.

        >>> Language({"total": int}).compile("ctx.total > 3").kind.name()
        'BOOL'

        Raises ValueError with what is wrong and where, an unknown name or types that do not fit included.
        """
        try:
            program = self._env.compile(text)
        except RuntimeError as problem:
            raise ValueError(self._told(str(problem))) from problem
        return Expression(self, text, program, program.return_type())

    def kind_of(self, annotation: Any) -> Any:
        """The CEL type of a Python type; what CEL cannot say is checked when it is known."""
        t = self.types
        parts = notes.members(annotation)
        if len(parts) != 1:
            return t.DYN
        found, arguments = typing.get_origin(parts[0]) or parts[0], typing.get_args(parts[0])
        if found is typing.Literal:
            kinds = {type(a) for a in arguments}
            return self.kind_of(kinds.pop()) if len(kinds) == 1 else t.DYN
        simple = {bool: t.BOOL, int: t.INT, float: t.DOUBLE, str: t.STRING, datetime: t.TIMESTAMP}
        if found in simple:
            return simple[found]
        if found is list:
            return t.List(self.kind_of(arguments[0]) if arguments else t.DYN)
        if found is dict:
            return t.Map(t.STRING, self.kind_of(arguments[1]) if arguments else t.DYN)
        return t.Map(t.STRING, t.DYN) if isinstance(found, type) and issubclass(found, BaseModel) else t.DYN

    def _told(self, problem: str) -> str:
        found = [(int(line), int(column), text.strip()) for line, column, text in _WRONG.findall(problem)]
        if not found:
            return f"{problem.partition(' [')[0].partition(': ')[2]}; write a shorter expression"
        line, column, text = found[0]
        place = f"column {column}" if line == 1 else f"line {line}, column {column}"
        unknown = re.match(r"undeclared reference to '(.*?)'", text)
        if unknown:
            near = difflib.get_close_matches(unknown[1], list(self.sees), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(list(self.sees))} and in_state(…)"
            return f"{place}: no {unknown[1]!r}; {hint}"
        fix = "; convert with int(…), double(…) or string(…)" if "no matching overload" in text else ""
        return f"{place}: {text.split(' expecting {')[0]}{fix or '; see cel.dev for the language'}"


def states_in(text: str) -> list[str]:
    """The states that an expression asks for by a literal name.

    >>> states_in("in_state('Open.Cart') && ctx.text != 'in_state(1)'")
    ['Open.Cart']
    """
    return [m["state"][1:-1] for m in _LITERAL.finditer(text) if m["state"]]


def _fits(wanted: str, given: str) -> bool:
    """Whether a value of one CEL type may be one of another; DYN is known only when it is there."""
    if "DYN" in (wanted, given) or wanted == given:
        return True
    if (wanted, given) == ("DOUBLE", "INT"):
        return True
    outer, _, inner = wanted.partition("<")
    other, _, contained = given.partition("<")
    if not inner or outer != other:
        return False
    return _fits(inner.rstrip(">").rpartition(", ")[2], contained.rstrip(">").rpartition(", ")[2])


def _field(name: str, annotation: Any) -> See:
    """A field of the context, in the form that CEL knows."""
    parts = notes.members(annotation)
    if parts == (float,):
        return lambda machine, event: float(getattr(machine.ctx, name))
    if len(parts) == 1 and parts[0] in (bool, int, str, datetime):
        return lambda machine, event: getattr(machine.ctx, name)
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    return lambda machine, event: adapter.dump_python(getattr(machine.ctx, name), mode="json")


def _payload(machine: Any, event: Event) -> Any:
    """What an event carries; nothing is an object without fields, so that it can be asked for them."""
    data = getattr(event, "data", None)
    return {} if data is None else data


def _cel() -> Any:
    try:
        from cel_expr_python import cel
    except ImportError as missing:
        raise MissingExtra("cel", "The document has expressions, which are read by cel-expr-python.") from missing
    return cel
