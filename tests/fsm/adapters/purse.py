"""A machine that counts what it is told by a broker; run as a program, a worker that is killed at a moment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from faststream.nats import NatsBroker
from faststream.nats.message import NatsMessage
from nats.js.api import ConsumerConfig

from fsm import Context, Event, Final, Orchestrator, State, StateMachine, edge, on
from fsm.adapters.inlet import inlet
from persistence import open_store


class Sums(Context):
    amounts: list[int] = []


class Paid(Event):
    purse: str
    amount: int


class Closing(Event): ...


class Purse(StateMachine[Sums, Paid | Closing]):
    class Open(State, initial=True): ...

    class Closed(Final): ...

    @on(Paid, Open)
    def paid(self, ev: Paid) -> None:
        self.ctx.amounts.append(ev.amount)

    close = edge(Closing, Open, to=Closed)


def purse_of(event: Paid) -> str:
    """Which purse it is for."""
    if event.purse == "raise":
        raise ValueError("no such purse")
    return event.purse


@asynccontextmanager
async def taking(file: Path, url: str, stream: str) -> AsyncIterator[Orchestrator]:
    """A worker that takes the messages of a stream."""
    async with Orchestrator(open_store(f"sqlite:///{file}"), [Purse]) as door, NatsBroker(url, logger=None) as broker:
        await broker.connect()
        await broker.connection.jetstream().add_consumer(
            stream, ConsumerConfig(durable_name="d", filter_subject=f"{stream}.paid", ack_wait=0.5)
        )
        await door.start(Purse, id="a")
        inlet(broker, door, f"{stream}.paid", Paid, purse_of, stream=stream, durable="d")
        await broker.start()
        yield door


async def die(moment: str, file: Path, url: str, stream: str) -> None:
    """Take messages until one was accepted, or acknowledged, and be killed there."""
    acknowledge = NatsMessage.ack

    async def ack(self: NatsMessage) -> None:
        if moment == "acknowledged":
            await acknowledge(self)
        os.kill(os.getpid(), signal.SIGKILL)

    patched: Any = NatsMessage
    patched.ack = ack
    async with taking(file, url, stream):
        await asyncio.sleep(20)


if __name__ == "__main__":
    asyncio.run(die(sys.argv[4], Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
