"""Chat models: language models behind the interface of most vendors and local servers; needs the extra `http`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from fsm.adapters.http import Headers, http_service
from fsm.adapters.model import Prompt
from fsm.adapters.route import Route
from fsm.service import Retryable, Terminal


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice]


class _Completions(Protocol):
    async def complete(self, body: dict[str, Any]) -> _Completion: ...


class ChatModel:
    """A model that is asked with `POST …/chat/completions`, for structured output by a JSON schema.

        ChatModel("https://llm.example/v1", "some-model", headers={"Authorization": f"Bearer {token}"}, temperature=0)

    What is said by name goes into the body of each request. It fails as `http_service` does: what another attempt may
    change is `Retryable`, `Retry-After` included. A model that refuses, or is cut short by its limit, is `Terminal`.
    """

    def __init__(self, url: str, model: str, *, headers: Headers | None = None, **said: Any) -> None:
        self._said = {"model": model, **said}
        self._service = http_service(
            _Completions, url, {"complete": Route("POST /chat/completions", body="body")}, headers=headers
        )

    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._service.__aexit__()

    async def answer(self, prompt: Prompt) -> str:
        """The content of the first choice. Raises Retryable, Terminal."""
        system = [{"role": "system", "content": prompt.system}] if prompt.system else []
        body = self._said | {"messages": [*system, {"role": "user", "content": prompt.text}]}
        boxed = prompt.schema is not None and prompt.schema.get("type") != "object"
        if prompt.schema is not None:
            shape = _boxed(prompt.schema) if boxed else dict(prompt.schema)
            body["response_format"] = {"type": "json_schema", "json_schema": _format(prompt.name, shape)}
        completion: _Completion = await self._service.complete(body)
        content = _content(prompt, completion)
        return _unboxed(content) if boxed else content


def _content(prompt: Prompt, completion: _Completion) -> str:
    if not completion.choices:
        raise Retryable(f"{prompt.name}: the model answered nothing")
    choice = completion.choices[0]
    if choice.message.refusal:
        raise Terminal(f"{prompt.name}: the model refuses: {choice.message.refusal}")
    if choice.finish_reason == "length":
        raise Terminal(f"{prompt.name}: the answer was cut short by the limit of tokens; raise it")
    if choice.finish_reason == "content_filter":
        raise Terminal(f"{prompt.name}: the answer was held back by a filter of its service")
    if choice.message.content is None:
        raise Retryable(f"{prompt.name}: the model answered nothing")
    return choice.message.content


def _boxed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as that of an object's only field: what is asked for has to be an object."""
    inner = {name: part for name, part in schema.items() if name != "$defs"}
    box = {"type": "object", "properties": {"answer": inner}, "required": ["answer"]}
    return box | ({"$defs": schema["$defs"]} if "$defs" in schema else {})


def _unboxed(content: str) -> str:
    try:
        found = from_json(content)
    except ValueError:
        return content
    return to_json(found["answer"]).decode() if isinstance(found, dict) and "answer" in found else content


def _format(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """What is asked for; held to it strictly where that has a word for everything in the schema."""
    named = {"name": re.sub(r"\W", "_", name)[:64]}
    try:
        return {**named, "schema": _closed(schema), "strict": True}
    except _Open:
        return {**named, "schema": schema}


class _Open(Exception):
    """The schema has what strict output does not know: maps, tuples, anything at all."""


def _closed(schema: Any) -> Any:
    """The schema with every field required and no others, which strict output asks for."""
    match schema:
        case {"$ref": str(there)}:
            return {"$ref": there}
        case {"type": "object", "properties": dict(fields)}:
            closed = {name: _closed(field) for name, field in fields.items()}
            rest = {"properties": closed, "required": list(fields), "additionalProperties": False}
        case {"type": "array", "items": dict(items)}:
            rest = {"items": _closed(items)}
        case {"anyOf": list(parts)} | {"oneOf": list(parts)}:
            rest = {"anyOf": [_closed(part) for part in parts]}
        case {"type": "string" | "integer" | "number" | "boolean" | "null"} | {"enum": _} | {"const": _}:
            rest = {}
        case _:
            raise _Open
    if "prefixItems" in schema:
        raise _Open
    dropped = ("oneOf", "discriminator", "default")
    kept = {name: part for name, part in schema.items() if name not in dropped} | rest
    if "$defs" in schema:
        kept["$defs"] = {name: _closed(part) for name, part in schema["$defs"].items()}
    return kept
