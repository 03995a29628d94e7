"""Chat models are asked over HTTP, for output that fits the contract."""

from __future__ import annotations

from typing import Protocol

import pytest

from fsm.adapters import model_service
from fsm.adapters.chat import ChatModel
from fsm.service import Retryable, Terminal
from tests.fsm.adapters.web import Told, serving_web

pytestmark = pytest.mark.anyio


class Judge(Protocol):
    async def score(self, text: str) -> int:
        """How good is {text}?"""


def said(content: str | None) -> Told:
    return Told(body={"choices": [{"message": {"role": "assistant", "content": content, "refusal": "I will not"}}]})


async def test_the_request_has_prompt_schema_and_settings() -> None:
    with serving_web() as web:
        web.tells = lambda asked: said("7")
        model = ChatModel(web.url, "small", headers={"Authorization": "Bearer t"}, temperature=0)
        async with model_service(Judge, model, system="You judge.") as judge:
            assert await judge.score("this") == 7
    (asked,) = web.asked
    assert (asked.line, asked.headers["Authorization"]) == ("POST /v2/chat/completions", "Bearer t")
    assert (asked.body["model"], asked.body["temperature"]) == ("small", 0)
    assert [m["content"] for m in asked.body["messages"]] == ["You judge.", "How good is this?"]
    shape = asked.body["response_format"]["json_schema"]
    assert shape == {"name": "Judge_score", "schema": {"type": "integer"}}


async def test_refusals_and_trouble_say_what_to_do_with_them() -> None:
    with serving_web() as web:
        async with model_service(Judge, ChatModel(web.url, "small")) as judge:
            web.tells = lambda asked: said(None)
            with pytest.raises(Retryable, match="does not fit"):
                await judge.score("this")
            web.tells = lambda asked: Told(429, {"error": "slow down"}, {"Retry-After": "3"})
            with pytest.raises(Retryable) as busy:
                await judge.score("this")
            assert busy.value.after is not None
            web.tells = lambda asked: Told(401, {"error": "who are you"})
            with pytest.raises(Terminal):
                await judge.score("this")
