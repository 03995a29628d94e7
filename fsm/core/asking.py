"""Asking people: the human tasks that a turn opens, with their texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from fsm.chart.chart import Invocation, Person
from fsm.chart.event import Event
from fsm.core.effect import Effects
from fsm.core.live import Live
from fsm.core.step import Taken
from fsm.errors import FormInvalid, FsmError, UnhandledError


@dataclass(frozen=True, slots=True)
class Asked:
    """A human task that is to be opened."""

    invocation: Invocation
    generation: int
    person: Person
    assignee: str
    text: str


def asked(live: Live, begun: Effects, trace: Sequence[Taken]) -> Iterator[Asked]:
    """The human tasks that a turn opens. Raises UnhandledError where text or assignee cannot be made."""
    for index, generation, number in begun.invokes_started:
        invocation = live.table.chart.invokes[index]
        if invocation.person is not None:
            yield question(live.table.chart.name, live.machine, invocation, generation, trace[number][2])


def question(name: str, machine: Any, invocation: Invocation, generation: int, event: Event) -> Asked:
    """What a person is asked, as the machine has it now. Raises UnhandledError."""
    assert invocation.person is not None
    try:
        assignee, text = invocation.person.assignee(machine), invocation.work.call(machine, event)
        if not isinstance(assignee, str) or not isinstance(text, str | None):
            raise TypeError(f"assignee {assignee!r} and text {text!r} are not both text")
    except FsmError:
        raise
    except Exception as problem:
        kind = type(problem).__name__
        raise UnhandledError(
            f"{name}: the human task {invocation.id} cannot be opened: {kind}: {problem}. Nothing was changed; mend"
            f" {invocation.work.name} or its assignee, then retry.",
            kind=kind,
            detail=str(problem),
        ) from problem
    return Asked(invocation, generation, invocation.person, assignee, text or "")


def filled(invocation: Invocation, answer: Any, task: str = "") -> str:
    """An answer, the form itself or its fields, as the JSON of a valid form. Raises FormInvalid."""
    assert invocation.person is not None
    form: type[BaseModel] = invocation.person.form
    try:
        given = (
            answer.model_dump_json() if isinstance(answer, BaseModel) else form.model_validate(answer).model_dump_json()
        )
        return form.model_validate_json(given).model_dump_json()
    except ValidationError as problem:
        problems = [(".".join(map(str, e["loc"])) or "form", e["msg"]) for e in problem.errors(include_url=False)]
        said = "; ".join(f"{field}: {text}" for field, text in problems)
        raise FormInvalid(
            f"{invocation.id}: the answer does not fit {form.__name__}: {said}. Nothing was written; mend these"
            f" fields, and complete the task again.",
            task=task,
            problems=problems,
        ) from problem


def signed(payload: str, by: str) -> str:
    """An answer with the name of who gave it, as the inbox keeps both.

    >>> signed('{"approve":true}', "ann")
    '{"$by":"ann","$form":{"approve":true}}'
    """
    return f'{{"$by":{json.dumps(by)},"$form":{payload}}}'


def unsigned(payload: str) -> tuple[str, str]:
    """The answer, and who gave it; nobody where it was written down without a name.

    >>> unsigned(signed('{"approve":true}', "ann"))
    ('{"approve":true}', 'ann')
    """
    said = json.loads(payload)
    if not isinstance(said, dict) or said.keys() != {"$by", "$form"}:
        return payload, ""
    return json.dumps(said["$form"], separators=(",", ":"), ensure_ascii=False), said["$by"]
