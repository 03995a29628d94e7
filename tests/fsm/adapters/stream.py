"""A JetStream stream that tests read and write without any of our code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import nats
from nats.js import JetStreamContext
from nats.js.api import StorageType


@dataclass
class Stream:
    """A stream with the subjects `NAME.>`, and another for dead letters, `dead-NAME.>`."""

    url: str
    name: str
    js: JetStreamContext

    @classmethod
    @asynccontextmanager
    async def made(cls, url: str, name: str) -> AsyncIterator[Stream]:
        """Make one, and connect to it as long as the block runs."""
        connection = await nats.connect(url, allow_reconnect=True, reconnect_time_wait=0.05)
        try:
            js = connection.jetstream()
            for one in (name, f"dead-{name}"):
                await js.add_stream(name=one, subjects=[f"{one}.>"], storage=StorageType.FILE)
            yield cls(url, name, js)
        finally:
            await connection.close()

    async def put(self, subject: str, body: bytes, id: str | None = None) -> None:
        """Publish a message."""
        await self.js.publish(f"{self.name}.{subject}", body, headers=None if id is None else {"Nats-Msg-Id": id})

    async def all(self, name: str = "") -> list[Any]:
        """Every message that a stream holds."""
        name = name or self.name
        count = (await self.js.stream_info(name)).state.messages
        if not count:
            return []
        pull = await self.js.pull_subscribe(f"{name}.>", stream=name)
        found = await pull.fetch(count, timeout=5)
        await pull.unsubscribe()
        return found

    async def open(self, durable: str) -> int:
        """How many messages a consumer has not been done with."""
        info = await self.js.consumer_info(self.name, durable)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)
