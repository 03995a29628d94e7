"""Inlets: messages of a broker's stream become events of instances; needs the extra `broker`.

message ──valid?──▶ instance ──send──▶ accepted ─▶ acknowledged
   │                   └─ unknown yet, store in trouble ─▶ comes again later
   └─ never acceptable ─▶ dead letter, logged, and gone from the stream
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from pydantic import ValidationError

from fsm.adapters.broker import asyncio_only
from fsm.chart.event import Event
from fsm.errors import (
    EventError,
    InboxFull,
    InstanceEnded,
    InstanceIdInvalid,
    MissingExtra,
    OrchestratorClosed,
    StoreError,
)
from fsm.limits import DELIVERIES_MAX
from fsm.service import Backoff

try:
    from faststream.middlewares import AckPolicy
    from faststream.nats import JStream, NatsBroker, PullSub
    from faststream.nats.annotations import NatsMessage
except ImportError as problem:
    raise MissingExtra("broker", f"A message broker is reached with faststream and nats-py ({problem}).") from problem

logger = logging.getLogger("fsm.adapters")

E = TypeVar("E", bound=Event)

_PASSING = (StoreError, OrchestratorClosed, InboxFull)
"""Trouble of ours: no message is lost for it, however long it lasts."""
_HOPELESS = (EventError, InstanceEnded, InstanceIdInvalid)


class Door(Protocol):
    """Where instances are found: an orchestrator."""

    def get(self, id: str) -> Any:
        """A handle to an instance."""
        ...


def inlet(
    broker: NatsBroker,
    door: Door,
    subject: str,
    event: type[E],
    to: Callable[[E], str],
    *,
    stream: str,
    durable: str,
    dead_letters: str | None = None,
    deliveries_max: int = DELIVERIES_MAX,
    backoff: Backoff | None = None,
) -> None:
    """Send the messages of a subject to instances as events of one class; begins when the broker is started.

        async with Orchestrator(store, [Order]) as orchestrator, NatsBroker("nats://localhost:4222") as broker:
            inlet(broker, orchestrator, "payments.settled", Settled, lambda event: event.order,
                  stream="payments", durable="orders", dead_letters="dead.payments")
            await broker.start()

    A message is acknowledged when its event is accepted, so in the store; what comes twice counts once, by its
    `Nats-Msg-Id` or its place in the stream. What can never be accepted goes to `dead_letters`, a subject that a
    stream must keep, with the reason, and from the stream; so does, after `deliveries_max` times, what nobody knows
    the instance of. Trouble with the store loses nothing: the message comes again. Workers that name the same
    `durable` share the messages. Raises ServiceInvalid on trio.
    """
    asyncio_only()
    taking = _Inlet(
        broker, door, event, to, durable, dead_letters, deliveries_max, backoff or Backoff("1s", longest="1m")
    )

    async def take(message: Any) -> None:
        await taking.take(message)

    take.__annotations__["message"] = NatsMessage  # read by faststream, which is not told what `Any` is
    broker.subscriber(
        subject,
        stream=JStream(stream, declare=False),
        durable=durable,
        pull_sub=PullSub(),
        ack_policy=AckPolicy.MANUAL,
    )(take)


class _Inlet(Generic[E]):
    def __init__(
        self,
        broker: NatsBroker,
        door: Door,
        event: type[E],
        to: Callable[[E], str],
        durable: str,
        dead_letters: str | None,
        deliveries_max: int,
        backoff: Backoff,
    ) -> None:
        self._broker, self._door, self._event, self._to = broker, door, event, to
        self._durable, self._dead_letters = durable, dead_letters
        self._deliveries_max, self._backoff = deliveries_max, backoff

    async def take(self, message: NatsMessage) -> None:
        """Send one message on, and say to the broker what became of it."""
        raw = message.raw_message
        place = f"{raw.metadata.stream}/{raw.metadata.sequence.stream}"
        named = (raw.headers or {}).get("Nats-Msg-Id")
        key = f"{raw.metadata.stream}:{named}" if named else place
        try:
            instance, event = self._read(raw.data)
            await self._door.get(instance).send(event, key=key, wait="accepted")
        except _PASSING as problem:
            await self._again(message, place, problem)
        except (_Unreadable, *_HOPELESS) as problem:
            await self._bury(message, place, problem)
        except Exception as problem:  # it may be known later: an instance not begun yet, a machine of a newer worker
            if raw.metadata.num_delivered >= self._deliveries_max:
                await self._bury(message, place, problem)
            else:
                await self._again(message, place, problem)
        else:
            await message.ack()

    def _read(self, data: bytes) -> tuple[str, E]:
        try:
            event = self._event.model_validate_json(data)
            return self._to(event), event
        except ValidationError as problem:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors(include_url=False))
            raise _Unreadable(f"not a {self._event.__name__}: {wrong}") from problem
        except Exception as problem:
            raise _Unreadable(f"no instance can be told from it: {problem!r}") from problem

    async def _again(self, message: NatsMessage, place: str, problem: Exception) -> None:
        delay = self._backoff.delay(message.raw_message.metadata.num_delivered)
        logger.warning("message %s comes again in %g s: %s", place, delay, problem)
        await message.nack(delay=delay)

    async def _bury(self, message: NatsMessage, place: str, problem: Exception) -> None:
        logger.error("message %s is given up: %s", place, problem)
        if self._dead_letters is not None:
            raw = message.raw_message
            reason = " ".join(str(problem).split()).encode("ascii", "replace").decode()[:500]
            headers = {"Nats-Msg-Id": f"{self._durable}/{place}", "Fsm-Subject": raw.subject, "Fsm-Reason": reason}
            try:
                await self._broker.connection.jetstream().publish(self._dead_letters, raw.data, headers=headers)
            except Exception as failure:  # whatever it was, the message must not be lost
                await self._again(message, place, failure)
                return
        await message.reject()


class _Unreadable(Exception):
    """A message that is no event."""
