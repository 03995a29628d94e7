"""Publishing to a real NATS server: what is written there, what is dropped as a repetition, what is trouble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import anyio
import pytest
from faststream.nats import NatsBroker
from pydantic import BaseModel

from fsm.adapters.broker import publisher
from fsm.errors import DefinitionError, ServiceInvalid
from fsm.service import CurrentCall, Retryable, Terminal
from fsm.service.current import serving
from tests.fsm.adapters.natsd import Natsd
from tests.fsm.adapters.stream import Stream

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """faststream runs on asyncio only."""
    return "asyncio"


class Parcel(BaseModel):
    id: str
    weight: int


class News(Protocol):
    async def shipped(self, order: str, parcel: Parcel) -> None: ...
    async def late(self, order: str, days: int) -> None: ...


def news(stream: Stream, broker: NatsBroker | str = "", **subjects: str) -> Any:
    given = {"shipped": f"{stream.name}.{{order}}.shipped", "late": f"{stream.name}.late", **subjects}
    return publisher(News, broker or stream.url, given, stream=stream.name)


def call(key: str) -> Any:
    return serving(CurrentCall(key, 1, "A-1", "news", "shipped"))


async def test_arguments_make_subject_and_message(stream: Stream) -> None:
    async with news(stream) as service:
        await service.shipped("A-1", Parcel(id="p", weight=3))
        await service.late("A-1", days=2)
    shipped, late = await stream.all()
    assert (shipped.subject, json.loads(shipped.data)) == (f"{stream.name}.A-1.shipped", {"id": "p", "weight": 3})
    assert (late.subject, json.loads(late.data)) == (f"{stream.name}.late", {"order": "A-1", "days": 2})
    assert shipped.headers["content-type"] == "application/json"
    assert "Nats-Msg-Id" not in shipped.headers


async def test_what_is_published_again_with_its_key_is_there_once(stream: Stream) -> None:
    async with news(stream) as service:
        for named in ("A-1/pay/0", "A-1/pay/0", "A-1/pay/1"):
            with call(named):
                await service.late("A-1", 1)
    assert [m.headers["Nats-Msg-Id"] for m in await stream.all()] == ["A-1/pay/0", "A-1/pay/1"]


async def test_a_broker_of_ones_own_is_left_running(stream: Stream) -> None:
    async with NatsBroker(stream.url, logger=None) as broker:
        async with news(stream, broker) as service:
            await service.late("A-1", 1)
        assert await broker.ping(1)
        await service.late("A-1", 2)
    assert len(await stream.all()) == 2


async def test_a_service_that_is_not_open_says_so(stream: Stream) -> None:
    service = news(stream)
    with pytest.raises(ServiceInvalid, match="is not open"):
        await service.late("A-1", 1)
    async with service, service:
        pass
    with pytest.raises(ServiceInvalid, match="is not open"):
        await service.late("A-1", 1)


@pytest.mark.parametrize("order", ["", "a.b", "*", ">", "a b", "a\n"])
async def test_an_argument_cannot_lead_to_another_subject(stream: Stream, order: str) -> None:
    async with news(stream) as service:
        with pytest.raises(Terminal, match="cannot be a part of a subject"):
            await service.shipped(order, Parcel(id="p", weight=1))
    assert not await stream.all()


async def test_what_the_stream_does_not_keep_is_trouble(stream: Stream) -> None:
    async with news(stream, late=f"dead-{stream.name}.late") as service:
        with pytest.raises(Terminal, match="the broker will not take it"):  # it is kept, by another stream
            await service.late("A-1", 1)
    async with news(stream, late="nowhere") as service:
        with pytest.raises(Retryable, match="the broker has not taken it"):
            await service.late("A-1", 1)


async def test_a_message_that_is_too_large_is_terminal(stream: Stream) -> None:
    async with news(stream) as service:
        with pytest.raises(Terminal):
            await service.late("x" * 2_000_000, 1)


async def test_a_server_that_was_killed_is_retryable_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fsm.adapters.broker.CALL_SECONDS_MAX", 0.3)
    server = Natsd(tmp_path)
    server.start()
    try:
        async with Stream.made(server.url, "orders") as stream:
            broker = NatsBroker(server.url, logger=None, reconnect_time_wait=0, max_reconnect_attempts=-1)
            async with broker, news(stream, broker) as service:
                server.kill()
                with call("A-1/pay/0"), pytest.raises(Retryable):
                    await service.late("A-1", 1)
                server.start()
                with anyio.fail_after(10), call("A-1/pay/0"):
                    while True:
                        try:
                            await service.late("A-1", 1)
                            break
                        except Retryable:
                            pass
            assert len(await stream.all()) == 1
    finally:
        server.kill()


async def test_a_service_can_be_left_while_its_broker_is_away(tmp_path: Path) -> None:
    server = Natsd(tmp_path)
    server.start()
    service = publisher(News, server.url, {"shipped": "a", "late": "b"}, stream="s")
    async with service:
        server.kill()
        assert service._broker is not None
        while service._broker.connection.is_connected:
            await anyio.sleep(0.01)


def test_everything_wrong_is_told_at_once() -> None:
    class Odd(News, Protocol):
        async def ask(self, parcel: Parcel) -> str: ...

    with pytest.raises(DefinitionError) as caught:
        publisher(Odd, "nats://x", {"shipped": "a..b", "late": "a.*", "ask": "a.{parcel}.{nobody}"}, stream="s")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["shipped", "late", "ask", "ask", "ask"]


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_trio_is_refused(anyio_backend: str) -> None:
    service = publisher(News, "nats://127.0.0.1:1", {"shipped": "a", "late": "b"}, stream="s")
    with pytest.raises(ServiceInvalid, match="needs asyncio, since faststream does not run on trio"):
        await service.__aenter__()
