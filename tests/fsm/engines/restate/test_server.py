"""The server, as a process asks it."""

from __future__ import annotations

import sys

import pytest

from fsm.engines.restate.server import Server
from fsm.engines.restate.url import parse
from fsm.errors import EngineUnreachable, MissingExtra
from tests.engines.hosts import Host

pytestmark = pytest.mark.anyio


async def test_whoever_was_never_served_is_told_what_to_do(host: Host) -> None:
    async with Server(parse(host.url)) as server:
        with pytest.raises(EngineUnreachable, match="fsm serve --engine"):
            await server.send("A", {})
        with pytest.raises(EngineUnreachable, match="fsm serve --engine"):
            await server.check_served()


async def test_a_server_that_does_not_answer_is_told_and_what_to_do() -> None:
    async with Server(parse("restate+http://127.0.0.1:9?view=memory://&admin=http://127.0.0.1:1")) as server:
        with pytest.raises(EngineUnreachable, match="send it again with the same key"):
            await server.take("A", {})
        for ask in (server.register, server.troubled, server.check_served):
            with pytest.raises(
                EngineUnreachable, match=r"at http://127\.0\.0\.1:1 does not.*start it, or correct admin="
            ):
                await ask()


async def test_a_place_that_cannot_be_reached_is_not_registered(host: Host) -> None:
    async with Server(parse(host.url)) as server:
        with pytest.raises(EngineUnreachable, match="deployments"):
            await server.register()


async def test_nothing_is_in_trouble_at_first(host: Host) -> None:
    async with Server(parse(host.url)) as server:
        assert await server.troubled() == []


def test_without_httpx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtra, match="restate"):
        Server(parse("restate+http://127.0.0.1:9?view=memory://"))
