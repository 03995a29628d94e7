"""Language models as services: each method of a contract is a question, its answer has the annotated type."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, Self

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import to_json

from fsm.adapters.declaration import Declared, Template, declared, unknown
from fsm.chart import annotations as notes
from fsm.limits import PROBLEM_BYTES_MAX
from fsm.service import Retryable, Terminal
from fsm.service.contract import Contract, Method


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model is asked."""

    system: str
    text: str
    schema: Mapping[str, Any] | None
    """JSON schema of the answer; None where it is text."""
    name: str
    """The method, as `Planner.plan`."""


class LanguageModel(Protocol):
    """Whoever can answer a prompt; `Retryable` and `Terminal` say what became of it otherwise."""

    async def answer(self, prompt: Prompt) -> str:
        """The answer: JSON that fits the schema, or text where there is none."""
        ...


def model_service(
    contract: type, model: LanguageModel, prompts: Mapping[str, str] | None = None, *, system: str = ""
) -> ModelService:
    """Make an implementation of a contract whose methods a language model answers.

        class Planner(Protocol):
            async def plan(self, goal: str, done: list[str]) -> Plan: ...

        model_service(Planner, model, {"plan": "Reach this goal: {goal}. Done so far: {done}"}, system="You plan.")

    Without a prompt the method's docstring is one. Places are filled with the arguments, text as it is, the rest as
    JSON; every argument has one. Where the return annotation is `str` the answer is taken as it is; elsewhere one that
    does not fit is `Retryable`, with what was wrong: models do not answer the same way twice. Raises DefinitionError.
    """
    given = dict.fromkeys(Contract.alone(contract).methods, "") | dict(prompts or {})
    return ModelService(model, system, declared(contract, given, _read))


@dataclass(frozen=True, slots=True)
class _Question:
    method: Method
    template: Template
    schema: Mapping[str, Any] | None


class ModelService(Declared):
    """Asks a language model; made by `model_service`. A model that is a context manager is open as long as this is."""

    def __init__(self, model: LanguageModel, system: str, questions: Mapping[str, _Question]) -> None:
        self._model, self._system = model, system
        super().__init__(self._ask, questions)

    async def __aenter__(self) -> Self:
        if isinstance(self._model, AbstractAsyncContextManager):
            await self._model.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        if isinstance(self._model, AbstractAsyncContextManager):
            await self._model.__aexit__(*failure)

    async def _ask(self, question: _Question, *args: Any, **keywords: Any) -> Any:
        method = question.method
        values = method.bound(args, keywords)
        text = question.template.filled(lambda name: _text(values[name]))
        answer = await self._model.answer(Prompt(self._system, text, question.schema, method.full))
        if question.schema is None:
            return answer
        try:
            return method.decode(answer)
        except ValueError as problem:
            data = {"answer": answer[:PROBLEM_BYTES_MAX]}
            raise Retryable(f"{method.full}: the model answered what {problem}", data=data) from problem


class ScriptedModel:
    """A model whose answers are written down beforehand, for tests and for trying things out.

    >>> model = ScriptedModel({r"goal: tea": {"steps": ["boil water"]}, r".*": {"steps": []}})

    The first pattern that is found in the prompt gives the answer; a list gives one answer after the other, the last
    one again and again; an exception is raised. What was asked is in `asked`.
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = {re.compile(pattern, re.S): given for pattern, given in answers.items()}
        self._given: dict[str, int] = {}
        self.asked: list[Prompt] = []

    async def answer(self, prompt: Prompt) -> str:
        """The answer of the first pattern that fits. Raises Terminal where none does."""
        self.asked.append(prompt)
        for pattern, given in self._answers.items():
            if pattern.search(prompt.text):
                found = self._next(pattern.pattern, given)
                return found if prompt.schema is None and isinstance(found, str) else to_json(found).decode()
        raise Terminal(f"{prompt.name}: nothing is written down for {prompt.text[:200]!r}")

    def _next(self, pattern: str, given: Any) -> Any:
        if isinstance(given, list):
            number = self._given[pattern] = self._given.get(pattern, -1) + 1
            given = given[min(number, len(given) - 1)]
        if isinstance(given, Exception):
            raise given
        return given


def _read(method: Method, given: str) -> tuple[_Question, list[str]]:
    text = given or inspect.cleandoc(method.function.__doc__ or "")
    if not text:
        raise ValueError("it has neither prompt nor docstring; write what the model is asked")
    template, schema = Template(text), None
    problems = unknown(method, {"the prompt": template.names})
    problems += [
        f"the prompt has no place for {name!r}, so that the model would not know it; write {{{name}}}"
        for name in list(method.signature.parameters)[1:]
        if name not in template.names
    ]
    if method.returns in (None, type(None), notes.UNKNOWN, Any):
        problems.append("nothing says what the model is to answer; annotate the result, a pydantic model for example")
    elif method.returns is not str:
        try:
            schema = TypeAdapter(method.returns).json_schema()
        except PydanticUserError as problem:
            problems.append(f"{notes.name_of(method.returns)} has no JSON schema: {problem.message}")
    return _Question(method, template, schema), problems


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(json.loads(to_json(value)), ensure_ascii=False)
