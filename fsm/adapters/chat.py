"""Chat models: behind the interface that most vendors and local servers speak; needs the extra `http`."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any, Protocol, Self

from pydantic import BaseModel

from fsm.adapters.http import Headers, http_service
from fsm.adapters.model import Prompt
from fsm.adapters.route import Route


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice]


class _Completions(Protocol):
    async def complete(self, body: dict[str, Any]) -> _Completion: ...


class ChatModel:
    """A model that is asked with `POST …/chat/completions`, for structured output by a JSON schema.

        ChatModel("https://llm.example/v1", "some-model", headers={"Authorization": f"Bearer {token}"}, temperature=0)

    What is said by name goes into the body of each request. It fails as `http_service` does: what another attempt may
    change is `Retryable`, `Retry-After` included.
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
        """The content of the first choice, or what the model said when it refused."""
        messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
        shape = {"name": re.sub(r"\W", "_", prompt.name), "schema": dict(prompt.schema)}
        body = self._said | {
            "messages": [*messages, {"role": "user", "content": prompt.text}],
            "response_format": {"type": "json_schema", "json_schema": shape},
        }
        completion: _Completion = await self._service.complete(body)
        message = completion.choices[0].message if completion.choices else _Message()
        return message.content or message.refusal or ""
