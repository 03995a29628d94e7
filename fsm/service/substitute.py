"""Substitutes: the form in which a person answers in the place of a service call."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model, model_validator

from fsm.chart import annotations as notes
from fsm.errors import FormInvalid
from fsm.service.contract import Method


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: Any = None
    give_up: str = ""

    @model_validator(mode="after")
    def _one(self) -> _Form:
        if bool(self.give_up) is ("answer" in self.model_fields_set):
            raise ValueError("give an answer, or say in give_up why there is none")
        return self


def form_of(method: Method) -> type[BaseModel]:
    """The form of a task that stands for a call: an answer as the contract has it, or why there is none."""
    returns = Any if method.returns in (notes.UNKNOWN, None) else method.returns
    fields: dict[str, Any] = {"answer": (returns, None)}
    return create_model(f"Answer of {method.full}", __base__=_Form, **fields)


def filled_instead(method: Method, given: Any, task: str = "") -> str:
    """An answer in the place of a call as the JSON of a valid form. Raises FormInvalid."""
    try:
        return form_of(method).model_validate(given).model_dump_json(exclude_unset=True)
    except ValidationError as problem:
        problems = [(".".join(map(str, e["loc"])) or "form", e["msg"]) for e in problem.errors(include_url=False)]
        said = "; ".join(f"{field}: {text}" for field, text in problems)
        raise FormInvalid(
            f"{task!r}: the answer does not fit {notes.name_of(method.returns)}: {said}. Nothing was written; mend"
            f" these fields, and complete the task again.",
            task=task,
            problems=problems,
        ) from problem
