"""Chat models are asked over HTTP, for output that fits the contract."""

from __future__ import annotations

import enum
from typing import Any, Literal, Protocol

import pytest
from pydantic import BaseModel, Field

from fsm.adapters import model_service
from fsm.adapters.chat import ChatModel
from fsm.service import CurrentCall, Retryable, Terminal
from fsm.service.current import serving
from tests.fsm.adapters.web import Told, Web

pytestmark = pytest.mark.anyio


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    friend: Cat | None = Field(None, description="whom it likes")


class Judge(Protocol):
    async def score(self, text: str) -> int:
        """How good is {text}?"""

    async def say(self, text: str) -> str:
        """Say {text}."""

    async def moods(self) -> list[Mood]:
        """How are they?"""

    async def dog(self) -> Dog:
        """Which dog?"""

    async def pet(self) -> Cat | Dog:
        """Which pet?"""

    async def counts(self) -> dict[str, int]:
        """How many?"""


def said(content: str | None, **more: Any) -> Told:
    return Told(body={"choices": [{"message": {"role": "assistant", "content": content}, **more}]})


def asked_for(web: Web) -> Any:
    return web.asked[-1].body["response_format"]["json_schema"]


async def test_the_request_has_prompt_schema_settings_and_key(web: Web) -> None:
    web.tells = lambda asked: said('{"answer": 7}')
    model = ChatModel(web.url, "small", headers={"Authorization": "Bearer t"}, temperature=0)
    async with model_service(Judge, model, system="You judge.") as judge:
        with serving(CurrentCall("A-1/start", 1, "A-1", "judge", "score")):
            assert await judge.score("this") == 7
    (asked,) = web.asked
    assert (asked.line, asked.headers["Authorization"]) == ("POST /v2/chat/completions", "Bearer t")
    assert asked.headers["Idempotency-Key"] == "A-1/start"
    assert (asked.body["model"], asked.body["temperature"]) == ("small", 0)
    assert [m["content"] for m in asked.body["messages"]] == ["You judge.", "How good is this?"]


async def test_text_is_asked_for_without_a_schema_and_taken_as_it_is(web: Web) -> None:
    web.tells = lambda asked: said('"quoted", {not} JSON')
    async with model_service(Judge, ChatModel(web.url, "small")) as judge:
        assert await judge.say("that") == '"quoted", {not} JSON'
    assert "response_format" not in web.asked[0].body


async def test_what_is_no_object_travels_in_one(web: Web) -> None:
    async with model_service(Judge, ChatModel(web.url, "small")) as judge:
        web.tells = lambda asked: said('{"answer": ["good", "bad"]}')
        assert await judge.moods() == [Mood.GOOD, Mood.BAD]
        shape = asked_for(web)
        web.tells = lambda asked: said('{"answer": {"kind": "cat", "lives": 7}}')
        assert await judge.pet() == Cat(kind="cat", lives=7)
        web.tells = lambda asked: said("7")
        assert await judge.score("x") == 7
    assert (shape["name"], shape["strict"], shape["schema"]["required"]) == ("Judge_moods", True, ["answer"])
    assert shape["schema"]["properties"]["answer"]["items"] == {"$ref": "#/$defs/Mood"}
    assert shape["schema"]["$defs"]["Mood"]["enum"] == ["good", "bad"]


async def test_schemas_are_strict_where_every_field_is_known(web: Web) -> None:
    async with model_service(Judge, ChatModel(web.url, "small")) as judge:
        web.tells = lambda asked: said('{"kind": "dog", "friend": {"kind": "cat", "lives": 2}}')
        assert await judge.dog() == Dog(kind="dog", friend=Cat(kind="cat", lives=2))
        dog = asked_for(web)
        web.tells = lambda asked: said('{"a": 1}')
        assert await judge.counts() == {"a": 1}
        counts = asked_for(web)
    assert dog["strict"] is True
    assert (dog["schema"]["required"], dog["schema"]["additionalProperties"]) == (["kind", "friend"], False)
    assert "default" not in dog["schema"]["properties"]["friend"]
    assert dog["schema"]["properties"]["friend"]["description"] == "whom it likes"
    assert dog["schema"]["$defs"]["Cat"]["required"] == ["kind", "lives"]
    assert ("strict" in counts, counts["schema"]["additionalProperties"]) == (False, {"type": "integer"})


@pytest.mark.parametrize(
    ("told", "failure", "message"),
    [
        (said(None), Retryable, r"Judge\.score: the model answered nothing"),
        (Told(body={"choices": []}), Retryable, r"Judge\.score: the model answered nothing"),
        (said("seven"), Retryable, r"Judge\.score: the model answered what does not fit the contract's int"),
        (said('{"ans', finish_reason="length"), Terminal, r"Judge\.score: the answer was cut short by the limit"),
        (said("", finish_reason="content_filter"), Terminal, r"Judge\.score: the answer was held back by a filter"),
        (said(None, message={"refusal": "I will not"}), Terminal, r"Judge\.score: the model refuses: I will not"),
        (Told(429, {"error": "slow down"}, {"Retry-After": "3"}), Retryable, "429 Too Many Requests"),
        (Told(401, {"error": "who are you"}), Terminal, "401 Unauthorized"),
    ],
)
async def test_refusals_and_trouble_say_what_to_do_with_them(
    web: Web, told: Told, failure: type[Exception], message: str
) -> None:
    web.tells = lambda asked: told
    async with model_service(Judge, ChatModel(web.url, "small")) as judge:
        with pytest.raises(failure, match=message):
            await judge.score("this")
