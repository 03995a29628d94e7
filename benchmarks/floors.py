"""The floors of an event in memory: the plan engine, and code written by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from benchmarks.figure import Wrong
from benchmarks.plan import Plan, Row, Told
from benchmarks.race import Check, Side, Step
from benchmarks.tally import Tally

RING = (("A", "B"), ("B", "C"), ("C", "A"))


def _guard(tally: Tally, told: Told) -> bool:
    tally.guards += 1
    return True


def _action(tally: Tally, told: Told) -> None:
    tally.actions += 1


def enter(tally: Tally, told: Told) -> None:
    """Count an entry."""
    tally.entries += 1


def leave(tally: Tally, told: Told) -> None:
    """Count an exit."""
    tally.exits += 1


def _sending(plan: Plan) -> Step:
    def step(events: int) -> None:
        send = plan.send
        for _ in range(events):
            send("next")

    return step


def standing(plan: Plan, *rings: str) -> Check:
    """A check of the leaves: each region goes round in its ring, one place an event."""

    def check(events: int) -> None:
        due = [ring[events % len(ring)] for ring in rings]
        if plan.leaves != due:
            raise Wrong(f"after {events} events the plan engine stands in {plan.leaves}, expected {due}")

    return check


def _flat() -> tuple[Step, Check]:
    plan = Plan({a: {"next": ((None, (), (), b),)} for a, b in RING}, "A")
    return _sending(plan), standing(plan, "ABC")


def _callbacks() -> tuple[Step, Check]:
    tally = Tally()
    rows: Mapping[str, Mapping[str, tuple[Row, ...]]] = {
        a: {"next": ((_guard, (leave, _action), (enter,), b),)} for a, b in RING
    }
    return _sending(Plan(rows, "A", tally)), tally.expects(1, 1, 1, 1)


def crossing(depth: int) -> tuple[Step, Check]:
    """Two towers of so many states; every event leaves the one whole and enters the other."""
    tally = Tally()
    rows: Mapping[str, Mapping[str, tuple[Row, ...]]] = {
        a: {"next": ((None, (leave,) * depth, (enter,) * depth, b),)} for a, b in (("P", "Q"), ("Q", "P"))
    }
    return _sending(Plan(rows, "P", tally)), tally.expects(0, 0, depth, depth)


def regions(count: int) -> tuple[Step, Check]:
    """So many regions of three states each, all moved by every event."""
    rings = [f"{n}a {n}b {n}c".split() for n in range(count)]
    moves = ((ring[i], ring[(i + 1) % 3]) for ring in rings for i in range(3))
    plan = Plan({a: {"next": ((None, (), (), b),)} for a, b in moves}, [ring[0] for ring in rings])

    def check(events: int) -> None:
        due = [ring[events % 3] for ring in rings]
        if plan.leaves != due:
            raise Wrong(f"after {events} events the plan engine stands in {plan.leaves}, expected {due}")

    return _sending(plan), check


class ByHand:
    """A machine written by hand, all of whose callbacks are asynchronous."""

    __slots__ = ("rows", "state", "tally")

    def __init__(self, tally: Tally) -> None:
        self.tally, self.state = tally, "A"
        self.rows = {(a, "next"): ((self.guard, self.exit, self.action, self.enter, b),) for a, b in RING}

    async def guard(self) -> bool:
        self.tally.guards += 1
        return True

    async def action(self) -> None:
        self.tally.actions += 1

    async def enter(self) -> None:
        self.tally.entries += 1

    async def exit(self) -> None:
        self.tally.exits += 1

    async def send(self, event: str) -> bool:
        """Take an event."""
        for guard, leave, act, enter, following in self.rows[self.state, event]:
            if await guard():
                await leave()
                await act()
                self.state = following
                await enter()
                return True
        return False


def _awaited() -> tuple[Step, Check]:
    tally = Tally()
    machine = ByHand(tally)

    async def sending(events: int) -> None:
        send = machine.send
        for _ in range(events):
            await send("next")

    return driven(sending), tally.expects(1, 1, 1, 1)


def driven(work: Callable[[int], Awaitable[None]]) -> Step:
    """Run a coroutine that never really waits, without an event loop."""

    def step(events: int) -> None:
        for _ in work(events).__await__():
            raise Wrong("a coroutine that should not wait did")

    return step


FLAT = Side("plan engine", _flat)
CALLBACKS = Side("plan engine", _callbacks)
CROSSING = Side("plan engine", lambda: crossing(3))
REGIONS = Side("plan engine", lambda: regions(2))
AWAITED = Side("by hand", _awaited)
