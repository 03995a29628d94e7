"""Contexts of several sizes: what it costs in memory that a handler changes one field."""

from __future__ import annotations

from typing import Any

from benchmarks.figure import Outcome, Wrong
from benchmarks.machines import sending
from benchmarks.order import Next, Order, Placed, lines
from benchmarks.race import Check, Effort, Side, Step, race, ratio


def changed(count: int) -> Side:
    """An order of so many lines, one field of which every event changes."""

    def make() -> tuple[Step, Check]:
        rehearsal = Order.rehearse(Placed(lines=lines(count)))

        def check(events: int) -> None:
            if rehearsal.ctx.n != events or len(rehearsal.ctx.lines) != count:
                raise Wrong(f"after {events} events the order counts {rehearsal.ctx.n}")

        return sending(rehearsal, Next()), check

    return Side(f"{count} lines", make)


def encoded(count: int) -> Side:
    """The floor: one field changed and the order encoded, once an event."""

    def make() -> tuple[Step, Check]:
        order: Any = Placed(lines=lines(count))
        encode = Placed.__pydantic_serializer__.to_json

        def step(events: int) -> None:
            for _ in range(events):
                order.n += 1
                order.total += 1
                encode(order)

        def check(events: int) -> None:
            if order.n != events:
                raise Wrong(f"after {events} events the floor counts {order.n}")

        return step, check

    return Side("encode alone", make)


def sizes(effort: Effort) -> list[Outcome]:
    """1 KB and 64 KB."""
    return [
        ratio(
            f"event that changes a context of {size}, over encoding it once",
            race([changed(count), encoded(count)], effort),
            f"{count} lines",
            "encode alone",
        )
        for count, size in ((10, "1 KB"), (1_000, "64 KB"))
    ]
