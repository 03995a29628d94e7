"""Arrivals: rows of the store that wait for an instance, as work in the order in which it is to be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fsm.chart.event import Event, Started, key_of
from fsm.core.asking import unsigned
from fsm.core.codec import Codec
from fsm.errors import CallInvalid, EventError
from fsm.ports.store import Accepted, Loaded, Timer
from fsm.runtime.work import Work


def arrivals(codec: Codec, loaded: Loaded, now: float) -> list[Work]:
    """Events and due timers merged by acceptance and due time; at a tie the event goes first."""
    found: list[tuple[float, int, int, Work]] = []
    for row in loaded.inbox:
        if row.state == "waiting" and row.not_before <= now:
            work = event_work(codec, row, again=loaded.called, attempt=2)
            found.append((max(row.at, row.not_before), 0, row.n, work))
    for timer in loaded.timers:
        if timer.due <= now:
            found.append((timer.due, 1, timer.generation, timer_work(timer, again=loaded.called, attempt=2)))
    return [work for *_, work in sorted(found, key=lambda f: f[:3])]


def deferred(codec: Codec, loaded: Loaded) -> Iterator[Work]:
    """Events that wait for a state that takes them, oldest first."""
    return (event_work(codec, row) for row in loaded.inbox if row.state == "deferred")


def timer_work(timer: Timer, *, again: bool = True, attempt: int = 1) -> Work:
    """The work of a timer that is due."""
    ref = f"timer:{timer.key}#{timer.generation}"
    return Work(
        "timer",
        ref,
        timer.key,
        Started(),
        generation=timer.generation,
        at=timer.due,
        stored=True,
        again=again,
        attempt=attempt,
    )


def event_work(codec: Codec, row: Accepted, *, again: bool = True, attempt: int = 2) -> Work:
    """The work of an inbox row; one that cannot be read is refused when its turn comes."""
    failure: BaseException | None = None
    event: Event = Started()
    key: Any = row.name
    kind, payload, by = row.lane, row.payload, ""
    generation = 0
    if row.lane == "event":
        try:
            event = codec.decode_event(row.name, row.payload)
            key = key_of(event)
        except EventError as problem:
            failure, key = problem, "?"
    elif row.lane == "result":
        try:
            event, payload, by = result_event(codec, row.name, row.payload)
        except (StopIteration, ValueError, CallInvalid) as problem:
            failure, kind = problem, "fault"  # the class has changed: parked when its turn comes
        generation = int(row.ref.removesuffix(f"@{row.instance}").rsplit("#", 1)[1])
    return Work(
        kind,
        row.ref,
        key,
        event,
        payload,
        sender_key=row.key,
        generation=generation,
        at=row.at,
        stored=True,
        again=again,
        attempt=attempt,
        failure=failure,
        by=by,
    )


def result_event(codec: Codec, name: str, payload: str) -> tuple[Event, str, str]:
    """The event of an invoke's result from the inbox, what was answered, and by whom, if it was a person: an answer is
    decoded by its annotation."""
    if name.startswith("error.invoke."):
        return codec.failed(name, payload), payload, ""
    invocation = next(i for i in codec.chart.invokes if f"done.invoke.{i.id}" == name)
    answer, by = (payload, "") if invocation.person is None else unsigned(payload)
    return codec.done(invocation, answer, by), answer, by
