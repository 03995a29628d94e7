"""The workbench of a rehearsal runs what invokes do, item after item, and shows what people are asked."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fsm import Context, Done, Failed, Final, State, StateMachine, invoke
from fsm.errors import ServiceMissing
from fsm.service import current_call


class Words(Context):
    words: list[str] = ["a", "b", "c"]
    found: Any = None


class Asking(Protocol):
    async def ask(self, word: str) -> str: ...


class Asked:
    def __init__(self, *failing: str) -> None:
        self.failing, self.made = failing, list[tuple[str, str]]()

    async def ask(self, word: str) -> str:
        self.made.append((word, current_call().idempotency_key))
        if word in self.failing:
            raise LookupError(word)
        return word.upper()


def reader(**said: Any) -> Any:
    class Reader(StateMachine[Words]):
        desk: Asking

        class Open(State, initial=True): ...

        class Read(Final): ...

        class Left(Final): ...

        @invoke(Open, **({"each": lambda self: self.ctx.words} | said))
        async def ask(self, word: str) -> str:
            return await self.desk.ask(word) + await self.desk.ask("z")

        @ask.done(to=Read)
        def keep(self, ev: Done[Any]) -> None:
            self.ctx.found = ev.data

        @ask.failed(to=Left)
        def broke(self, ev: Failed) -> None:
            self.ctx.found = ev.error.message

    return Reader


def test_settle_runs_every_item() -> None:
    asked = Asked()
    r = reader().rehearse(services={Asking: asked}).settle()
    assert (r.configuration, r.ctx.found) == ({"Read"}, ["AZ", "BZ", "CZ"])
    assert len({key for word, key in asked.made if word == "z"}) == 3


def test_settle_stops_where_the_rest_does_not_matter() -> None:
    asked = Asked("a")
    r = reader(join="any").rehearse(services={Asking: asked}).settle()
    assert (r.ctx.found, [word for word, _ in asked.made]) == ("BZ", ["a", "b", "z"])
    r = reader().rehearse(services={Asking: Asked("b")}).settle()
    assert (r.configuration, r.ctx.found) == ({"Left"}, "item 1: b")


def test_settle_keeps_failures_where_it_is_told_to() -> None:
    found = reader(failures="keep").rehearse(services={Asking: Asked("b")}).settle().ctx.found
    assert [getattr(one, "data", None) for one in found] == ["AZ", None, "CZ"]
    assert isinstance(found[1], Failed)


def test_a_fan_out_is_answered_by_hand_and_survives_a_snapshot() -> None:
    Reader = reader()
    text = Reader.rehearse(Words(words=["x"])).snapshot().to_json()
    r = Reader.rehearse(snapshot=text, services={Asking: Asked()})
    assert r.settle().ctx.found == ["XZ"]
    r = Reader.rehearse(snapshot=text)
    r.resolve("ask", ["by hand"])
    assert r.ctx.found == ["by hand"]
    r = Reader.rehearse(snapshot=text)
    r.reject("ask", LookupError("no"))
    assert r.configuration == {"Left"}


def test_an_item_without_its_service_leaves_the_invoke_pending() -> None:
    r = reader(failures="keep").rehearse()
    with pytest.raises(ServiceMissing):
        r.settle()
    assert r.pending == ("ask",)
