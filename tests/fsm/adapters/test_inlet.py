"""Messages of a real NATS server become events: each counts once, none is lost, none blocks the others."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faststream.nats import NatsBroker
from nats.errors import Error as Unreachable

from fsm import Orchestrator
from fsm.adapters.inlet import inlet
from fsm.errors import ServiceInvalid, StoreError
from fsm.limits import INBOX_MAX
from fsm.ports.store import Accepted, Commit
from fsm.service import Backoff
from persistence import MemoryStore
from tests.fsm.adapters.natsd import Natsd
from tests.fsm.adapters.purse import Closing, Paid, Purse, purse_of, taking
from tests.fsm.adapters.stream import Stream

pytestmark = pytest.mark.anyio
SOON = Backoff("50ms", factor=1)


@pytest.fixture
def anyio_backend() -> str:
    """faststream runs on asyncio only."""
    return "asyncio"


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await holds():
            await asyncio.sleep(0.01)


def opened(door: Any, stream: Stream, broker: NatsBroker, **more: Any) -> None:
    more = {"dead_letters": f"dead-{stream.name}.paid", "backoff": SOON, **more}
    inlet(broker, door, f"{stream.name}.paid", Paid, purse_of, stream=stream.name, durable="d", **more)


async def amounts(door: Orchestrator, id: str) -> list[int]:
    return (await door.get(id, Purse).snapshot()).context.amounts


async def test_messages_reach_their_instances_in_order_and_count_once(stream: Stream) -> None:
    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        for id in ("a", "b"):
            await door.start(Purse, id=id)
        opened(door, stream, broker)
        await broker.start()
        for n in range(5):
            await stream.put("paid", b'{"purse":"a","amount":%d}' % n)
        await stream.put("paid", b'{"purse":"b","amount":7}', id="m-1")

        async def arrived() -> bool:
            return await stream.open("d") == 0 and await amounts(door, "b") == [7]

        await until(arrived)
        await door.get("b", Purse).send(Paid(purse="b", amount=7), key=f"{stream.name}:m-1")
        assert await amounts(door, "a") == [0, 1, 2, 3, 4]
        assert await amounts(door, "b") == [7]
    assert not await stream.all(f"dead-{stream.name}")


async def test_poison_goes_to_the_dead_letters_with_its_reason_and_blocks_nobody(stream: Stream) -> None:
    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        for id in ("a", "over"):
            await door.start(Purse, id=id)
        await door.get("over", Purse).send(Closing())
        opened(door, stream, broker)
        poison = [b"no json", b'{"purse":"a"}', b'{"purse":"raise","amount":1}', b'{"purse":"over","amount":1}']
        for body in [*poison, b'{"purse":"a","amount":1}']:
            await stream.put("paid", body)
        await broker.start()

        async def arrived() -> bool:
            return await stream.open("d") == 0 and await amounts(door, "a") == [1]

        await until(arrived)
    dead = await stream.all(f"dead-{stream.name}")
    assert [one.data for one in dead] == poison
    assert [one.headers["Fsm-Subject"] for one in dead] == [f"{stream.name}.paid"] * 4
    reasons = [one.headers["Fsm-Reason"] for one in dead]
    assert [reason.partition(":")[0] for reason in reasons[:2]] == ["not a Paid"] * 2
    assert "amount: Field required" in reasons[1]
    assert "no instance can be told from it" in reasons[2]
    assert "over" in reasons[3]


async def test_without_dead_letters_poison_is_only_logged(stream: Stream, caplog: pytest.LogCaptureFixture) -> None:
    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        opened(door, stream, broker, dead_letters=None)
        await stream.put("paid", b"no json")
        await broker.start()

        async def taken() -> bool:
            return await stream.open("d") == 0

        await until(taken)
    assert f"message {stream.name}/1 is given up: not a Paid" in caplog.text


async def test_a_message_that_is_early_comes_again(stream: Stream) -> None:
    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        opened(door, stream, broker)
        await stream.put("paid", b'{"purse":"late","amount":1}')
        await broker.start()

        async def delivered() -> bool:
            return ((await stream.js.consumer_info(stream.name, "d")).num_redelivered or 0) > 0

        await until(delivered)
        await door.start(Purse, id="late")

        async def arrived() -> bool:
            return await amounts(door, "late") == [1]

        await until(arrived)


async def test_what_nobody_ever_knows_is_given_up(stream: Stream) -> None:
    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        opened(door, stream, broker, deliveries_max=3)
        await stream.put("paid", b'{"purse":"nobody","amount":1}')
        await broker.start()

        async def buried() -> bool:
            return bool(await stream.all(f"dead-{stream.name}"))

        await until(buried)
    (dead,) = await stream.all(f"dead-{stream.name}")
    assert "no instance 'nobody' in the store" in dead.headers["Fsm-Reason"]


async def test_a_dead_letter_that_cannot_be_kept_is_not_lost(stream: Stream) -> None:
    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        opened(door, stream, broker, dead_letters="no.stream.has.this")
        await stream.put("paid", b"no json")
        await broker.start()

        async def again() -> bool:
            return ((await stream.js.consumer_info(stream.name, "d")).num_redelivered or 0) > 0

        await until(again)
        assert await stream.open("d") == 1


async def test_trouble_with_the_store_loses_nothing(stream: Stream) -> None:
    class Troubled:
        failures = 5

        def get(self, id: str) -> Any:
            self.failures -= 1
            if self.failures >= 0:
                raise StoreError("the disk is full")
            return door.get(id)

    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        await door.start(Purse, id="a")
        opened(Troubled(), stream, broker, deliveries_max=2)
        await stream.put("paid", b'{"purse":"a","amount":1}')
        await broker.start()

        async def arrived() -> bool:
            return await amounts(door, "a") == [1]

        await until(arrived)


async def test_a_full_inbox_sends_messages_away_until_there_is_room(stream: Stream) -> None:
    async with Orchestrator(MemoryStore(), [Purse]) as door, NatsBroker(stream.url, logger=None) as broker:
        await door.start(Purse, id="a")
        await door.pause("a")
        full = [Accepted("a", f"r{n}", "Paid", '{"purse":"a","amount":0}') for n in range(INBOX_MAX)]
        await door._fleet.store.commit([Commit("a", accepted=full)])
        opened(door, stream, broker, deliveries_max=2)
        await stream.put("paid", b'{"purse":"a","amount":1}')
        await broker.start()

        async def again() -> bool:
            return ((await stream.js.consumer_info(stream.name, "d")).num_redelivered or 0) > 0

        await until(again)
        loaded = await door._fleet.store.load("a")
        assert loaded is not None
        assert len(loaded.inbox) == INBOX_MAX
        emptied = [replace(row, state="refused") for row in full]
        await door._fleet.store.commit([Commit("a", settled=emptied)])
        await door.resume("a")

        async def arrived() -> bool:
            return await amounts(door, "a") == [1]

        await until(arrived)
    assert not await stream.all(f"dead-{stream.name}")


@pytest.mark.parametrize("moment", ["accepted", "acknowledged"])
async def test_a_worker_that_is_killed_takes_the_message_again_and_counts_it_once(
    stream: Stream, tmp_path: Path, moment: str
) -> None:
    file = tmp_path / "purse.db"
    await stream.put("paid", b'{"purse":"a","amount":5}', id="m-1")
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.fsm.adapters.purse", str(file), stream.url, stream.name, moment],
        timeout=30,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    async with taking(file, stream.url, stream.name) as door:

        async def arrived() -> bool:
            return await stream.open("d") == 0 and await amounts(door, "a") == [5]

        await until(arrived)
        await door.get("a", Purse).send(Paid(purse="a", amount=1))
        assert await amounts(door, "a") == [5, 1]


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_trio_is_refused(anyio_backend: str) -> None:
    with pytest.raises(ServiceInvalid, match="needs asyncio"):
        inlet(NatsBroker("nats://127.0.0.1:1"), Any, "a", Paid, lambda e: e.purse, stream="s", durable="d")  # type: ignore[arg-type]


@pytest.mark.long
async def test_a_broker_that_was_killed_is_found_again(tmp_path: Path) -> None:
    server = Natsd(tmp_path)
    server.start()
    try:
        async with Stream.made(server.url, "orders") as stream, Orchestrator(MemoryStore(), [Purse]) as door:
            await door.start(Purse, id="a")
            async with NatsBroker(server.url, logger=None, reconnect_time_wait=0) as broker:
                opened(door, stream, broker)
                await broker.start()
                for n in range(2):

                    async def put(n: int = n) -> bool:
                        try:
                            await stream.put("paid", b'{"purse":"a","amount":%d}' % n, id=f"m-{n}")
                        except Unreachable:  # the test's own connection is not back yet
                            return False
                        return True

                    async def arrived(n: int = n) -> bool:
                        return await amounts(door, "a") == list(range(n + 1))

                    await until(put)
                    await until(arrived)
                    if n < 1:
                        server.kill()
                        server.start()
    finally:
        server.kill()
