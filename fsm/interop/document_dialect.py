"""The dialect of documents: that of `transitions`, with what it lacks, as forms; docs/charts-as-data.md."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from fsm.interop.document_fields import FieldForm
from fsm.interop.document_form import Form, Many, Short

NAME = re.compile(r"[^\W\d]\w*")
"""A registered name; every other text is an expression."""
ORDER = ("trigger", "source", "dest", "conditions", "unless", "before", "after")
"""What the places of a transition in list form mean."""


def is_name(text: str) -> bool:
    """Whether a text is a registered name rather than an expression."""
    return bool(NAME.fullmatch(text)) and text not in ("true", "false", "null")


def _called(value: Any, other: str = "expr") -> Any:
    if not isinstance(value, str):
        return value
    return {"call" if is_name(value) else other: value}


class GuardForm(Short):
    """A guard: a registered name, an expression, a state to be in, or several guards joined."""

    call: str | None = None
    expr: str | None = None
    in_state: Many[str] | None = None
    all: list[GuardForm] | None = Field(None, min_length=1)
    any: list[GuardForm] | None = Field(None, min_length=1)
    none: GuardForm | None = Field(None, alias="not")
    label: str = ""
    """What drawings and messages show of it."""

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """A name, or an expression."""
        return _called(value)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        self.only_one("call", "expr", "in_state", "all", "any", "none")
        return self


class ActionForm(Short):
    """An action: a registered name, or something done with data."""

    call: str | None = None
    assign: dict[str, Any] | None = None
    raised: str | None = Field(None, alias="raise")
    send: str | None = None
    cancel: str | None = None
    data: Any = None
    to: Any = None
    delay: str | None = None
    id: str = ""

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """A name."""
        return {"call": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        what = self.only_one("call", "assign", "raised", "send", "cancel")
        allowed = {"raised": {"data"}, "send": {"data", "to", "delay", "id"}}.get(what, set())
        for field in ("data", "to", "delay", "id"):
            if field in self.model_fields_set and field not in allowed:
                raise ValueError(f"{field!r} does not belong to {what.removesuffix('d')!r}; take it out")
        return self


class TriggerForm(Short):
    """What a transition waits for: the wire names of events, time, nothing at all, or that something is done."""

    __short__ = ({"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1})

    events: list[str] | None = Field(None, min_length=1)
    after: str | None = None
    always: Literal[True] | None = None
    all_done: Literal[True] | None = None
    done: str | None = None
    failed: str | None = None

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """One wire name or several."""
        return (
            {"events": [value]} if isinstance(value, str) else {"events": value} if isinstance(value, list) else value
        )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        self.only_one("events", "after", "always", "all_done", "done", "failed")
        return self


class WayForm(Short):
    """Where a transition leads and what it takes: all of it but its trigger and its source."""

    dest: Many[str] = []
    """Nothing at all makes it internal; "=" is the source again."""
    conditions: Many[GuardForm] = []
    unless: Many[GuardForm] = []
    before: Many[ActionForm] = []
    after: Many[ActionForm] = []
    reenter: bool = False
    name: str = ""
    description: str = ""

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """A state to go to."""
        return {"dest": value} if isinstance(value, str) else value


class TransitionForm(WayForm):
    """A transition: an object, or a list in the order of `transitions`."""

    __short__ = ({"type": "array", "items": {}, "minItems": 1, "maxItems": len(ORDER)},)

    trigger: TriggerForm
    source: Many[str] = []

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """The list form: trigger, source, dest, conditions, unless, before, after."""
        if isinstance(value, list) and len(value) <= len(ORDER):
            return {field: part for field, part in zip(ORDER, value, strict=False) if part is not None}
        return value


class InvokeForm(Short):
    """Work that a state owns: a registered name, its timeout, and where its end leads."""

    call: str
    id: str = ""
    timeout: str | None = None
    done: Many[WayForm] = []
    failed: Many[WayForm] = []

    @classmethod
    def written_out(cls, value: Any) -> Any:
        """A name."""
        return {"call": value} if isinstance(value, str) else value


class StateForm(Short):
    """A state; its name alone where nothing more is to be said."""

    name: str
    children: list[StateForm] | None = None
    parallel: list[StateForm] | None = None
    """The regions, in place of children."""
    initial: Many[str] = []
    """The first of the children where it is missing."""
    final: bool = False
    history: Literal["shallow", "deep"] | None = None
    default: Many[str] = []
    """Of a history: where it leads as long as nothing is recorded."""
    on_default: Many[ActionForm] = []
    on_enter: Many[ActionForm] = []
    on_exit: Many[ActionForm] = []
    output: Any = None
    """Of a final state: a registered name, or a value whose texts are expressions."""
    invoke: Many[InvokeForm] = []
    transitions: list[TransitionForm] = []
    tags: Many[str] = []
    description: str = ""


def _version(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class MachineForm(Form):
    """A machine."""

    name: str
    states: list[StateForm] | None = None
    parallel: list[StateForm] | None = None
    """Regions of the machine itself, in place of states."""
    initial: Many[str] = []
    transitions: list[TransitionForm] = []
    context: Annotated[
        Annotated[str, Tag("name")] | Annotated[dict[str, FieldForm], Tag("fields")],
        Discriminator(lambda value: "name" if isinstance(value, str) else "fields"),
    ] = {}
    """The fields of the data that an instance carries, or the registered name of a Context."""
    services: dict[str, str] = {}
    """Attribute -> registered name of the contract."""
    unhandled: Literal["raise", "ignore", "defer"] = "raise"
    version: Annotated[str, BeforeValidator(_version)] = "1"
    description: str = ""


FIELDS = frozenset(
    field.alias or name
    for form in (GuardForm, ActionForm, TriggerForm, TransitionForm, InvokeForm, StateForm, MachineForm, FieldForm)
    for name, field in form.model_fields.items()
)
"""Every field of every form, for hints."""
