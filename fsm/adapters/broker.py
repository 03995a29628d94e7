"""A message broker: events that come in, and messages that go out; NATS with JetStream, by faststream.

    stream ──▶ inlet ──accepted by the store──▶ acknowledged      killed in between: it comes again, with the same key
    machine ──call──▶ publisher ──▶ stream                        killed in between: the broker drops the second one

Needs the extra `broker`, and asyncio: faststream does not run on trio.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic_core import to_json

from fsm.adapters.declaration import Declared, Template, declared, key, structured, text_of, unknown
from fsm.errors import MissingExtra, ServiceInvalid
from fsm.limits import CALL_SECONDS_MAX
from fsm.service import Retryable, Terminal
from fsm.service.contract import Method

try:
    from faststream.exceptions import FastStreamException
    from faststream.nats import NatsBroker
    from nats import errors as broken
    from nats.js import errors as refused
except ImportError as problem:
    raise MissingExtra("broker", f"A message broker is reached with faststream and nats-py ({problem}).") from problem

_HOPELESS = (
    broken.MaxPayloadError,
    broken.BadSubjectError,
    broken.BadHeaderError,
    broken.AuthorizationError,
    refused.BadRequestError,
    refused.NotFoundError,
)
"""What will not be different the next time."""


def publisher(contract: type, broker: NatsBroker | str, subjects: Mapping[str, str], *, stream: str) -> Publisher:
    """Make an implementation of a contract whose methods publish messages, durable when the call has succeeded.

        publisher(News, "nats://localhost:4222", {"shipped": "orders.{id}.shipped"}, stream="orders")

    The message is a JSON object of the arguments that the subject has no place for; one that is a model, and alone, is
    the message itself. It carries the idempotency key as `Nats-Msg-Id`, so that a stream drops what is published again
    within its duplicate window. A broker that is given by its address is connected and left with the service; one of
    your own is yours to start and stop. Raises DefinitionError.
    """
    return Publisher(broker, stream, declared(contract, subjects, _read))


@dataclass(frozen=True, slots=True)
class _Message:
    """What a method publishes, and where."""

    method: Method
    subject: Template
    body: str | tuple[str, ...]

    def subject_of(self, values: Mapping[str, Any]) -> str:
        return self.subject.filled(lambda name: self._token(name, values[name]))

    def _token(self, name: str, value: Any) -> str:
        text = text_of(self.method, name, value)
        if not text or not text.isprintable() or set(text) & set(".*> "):
            raise Terminal(f"{self.method.full}: {name}={text!r} cannot be a part of a subject; pass another")
        return text

    def body_of(self, values: Mapping[str, Any]) -> bytes:
        if isinstance(self.body, str):
            return to_json(values[self.body])
        return to_json({name: values[name] for name in self.body})


class Publisher(Declared):
    """Publishes messages; made by `publisher`, open inside `async with`, which an orchestrator does by itself."""

    def __init__(self, broker: NatsBroker | str, stream: str, messages: Mapping[str, _Message]) -> None:
        self._given, self._stream = broker, stream
        self._broker: NatsBroker | None = None if isinstance(broker, str) else broker
        self._users = 0
        super().__init__(self._publish, messages)

    async def __aenter__(self) -> Self:
        asyncio_only()
        self._users += 1
        if isinstance(self._given, str) and self._broker is None:
            broker = NatsBroker(self._given, logger=None)
            await broker.connect()
            self._broker = broker
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._users -= 1
        if isinstance(self._given, str) and not self._users and self._broker is not None:
            broker, self._broker = self._broker, None
            connection = broker.connection
            try:
                await broker.stop()
            except broken.Error:  # it is away, and cannot be left in good order
                await connection.close()

    async def _publish(self, message: _Message, *args: Any, **keywords: Any) -> None:
        full = message.method.full
        if self._broker is None:
            raise ServiceInvalid(f"{full}: its service is not open; use it inside `async with`")
        values, named = message.method.bound(args, keywords), key()
        try:
            await self._broker.publish(
                message.body_of(values),
                message.subject_of(values),
                headers={"content-type": "application/json", **({} if named is None else {"Nats-Msg-Id": named})},
                stream=self._stream,
                timeout=CALL_SECONDS_MAX,
            )
        except _HOPELESS as problem:
            raise Terminal(f"{full}: the broker will not take it: {_why(problem)}") from problem
        except (broken.Error, FastStreamException, OSError) as problem:
            raise Retryable(f"{full}: the broker has not taken it: {_why(problem)}") from problem


def asyncio_only() -> None:
    """Refuse any other event loop. Raises ServiceInvalid."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ServiceInvalid(
            "a message broker needs asyncio, since faststream does not run on trio; run the orchestrator on asyncio"
        ) from None


def _why(problem: Exception) -> str:
    return str(problem) or type(problem).__name__


def _read(method: Method, given: str) -> tuple[_Message, Sequence[str]]:
    subject = Template(given)
    rest = tuple(name for name in list(method.signature.parameters)[1:] if name not in subject.names)
    problems = unknown(method, {"the subject": subject.names})
    literal = subject.filled(lambda name: "x")
    if not literal.isprintable() or set(literal) & set("*> ") or not all(literal.split(".")):
        problems.append(f"{given!r} is no subject to publish to; write names with dots between them, without wildcards")
    problems += [f"{n} is no text that could be in a subject" for n in sorted(subject.names) if structured(method, n)]
    if method.returns not in (None, type(None)):
        problems.append("nobody answers a message; annotate the method with -> None")
    body = rest[0] if len(rest) == 1 and structured(method, rest[0]) else rest
    return _Message(method, subject, body), problems
