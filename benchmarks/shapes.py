"""Machines of any size, made by a loop: rings of states, towers that are crossed, many regions, many states."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from time import thread_time
from types import new_class
from typing import Any

from benchmarks import floors, machines
from benchmarks.figure import Gate, Outcome, Wrong, best
from benchmarks.machines import Next
from benchmarks.race import Check, Effort, Side, Step, race, ratio
from benchmarks.tally import Tally
from fsm import Context, Parallel, State, StateMachine, edge, on_enter, on_exit


def state(name: str, children: Sequence[type[Any]] = (), *, initial: bool = False, kind: type[Any] = State) -> Any:
    """A state class with its children."""
    body = {child.__name__: child for child in children}
    return new_class(name, (kind,), {"initial": initial}, lambda names: names.update(body))


def machine(name: str, states: Sequence[type[Any]], declared: dict[str, Any]) -> Any:
    """A machine class of these states and declarations."""
    body = {**{s.__name__: s for s in states}, **declared}
    return new_class(name, (StateMachine[Context, Next],), {}, lambda names: names.update(body))


def ring(count: int, *, prefix: str = "S", root: str = "") -> tuple[list[type[Any]], dict[str, Any]]:
    """So many states in a ring, and the edges that lead round."""
    states = [state(f"{prefix}{n}", initial=n == 0) for n in range(count)]
    edges = {f"{root}go_{prefix}{n}": edge(Next, s, to=states[(n + 1) % count]) for n, s in enumerate(states)}
    return states, edges


def ring_machine(count: int) -> Any:
    """A machine that goes round in so many states."""
    return machine(f"Ring{count}", *ring(count))


def round_trip(count: int) -> Side:
    """A ring of so many states, every one of which has been visited."""

    def make() -> tuple[Step, Check]:
        rehearsal = ring_machine(count).rehearse()
        step = machines.sending(rehearsal, Next())
        step(count)
        return step, machines.standing(rehearsal, " ".join(f"S{n}" for n in range(count)))

    return Side(f"{count:,} states", make)


def tower(depth: int) -> Side:
    """Two towers of so many states; every event leaves the one whole and enters the other."""

    def make() -> tuple[Step, Check]:
        tally, every, tops, roots = Tally(), [], [], []
        for name in "PQ":
            inner: list[Any] = []
            for level in range(depth, 0, -1):
                inner = [state(f"{name}{level}", inner, initial=level > 1 or name == "P")]
                every += inner
            tops.append(every[-depth])
            roots.append(every[-1])

        def enter(self: Any) -> None:
            tally.entries += 1

        def leave(self: Any) -> None:
            tally.exits += 1

        declared = {
            "there": edge(Next, tops[0], to=tops[1]),
            "back": edge(Next, tops[1], to=tops[0]),
            "enter": on_enter(*every)(enter),
            "leave": on_exit(*every)(leave),
        }
        rehearsal = machine(f"Tower{depth}", roots, declared).rehearse()
        return machines.sending(rehearsal, Next()), tally.expects(0, 0, depth, depth)

    return Side("ours", make)


def regions(count: int) -> Side:
    """So many regions of three states each, all moved by every event."""

    def make() -> tuple[Step, Check]:
        declared: dict[str, Any] = {}
        inner: list[Any] = []
        for number in range(count):
            states, edges = ring(3, root=f"r{number}_")
            inner.append(state(f"R{number}", states))
            declared |= edges
        rehearsal = machine(f"Regions{count}", [state("All", inner, initial=True, kind=Parallel)], declared).rehearse()
        rings = [" ".join(f"All.R{r}.S{n}" for n in range(3)) for r in range(count)]
        return machines.sending(rehearsal, Next()), machines.standing(rehearsal, *rings)

    return Side("ours", make)


def many_states(effort: Effort) -> list[Outcome]:
    """The cost of an event with 1,000 states over that with 10."""
    small, large = round_trip(10), round_trip(1_000)
    times = race([small, large], effort)
    return [ratio("event, 1,000 states over 10 states", times, large.name, small.name, Gate(1.1, 1.0))]


def definition(effort: Effort) -> list[Outcome]:
    """The definition of a machine of 1,000 states in a ring, over what Python itself takes for 1,000 classes."""
    parts: dict[str, list[float]] = {"state classes and edges": [], "the machine class": [], "plain classes": []}
    for _ in range(2 * effort.rounds):  # the best of them is told: one that nothing disturbed is wanted
        gc.unfreeze()
        gc.collect()
        gc.freeze()  # what other cases have left is not searched for garbage here
        times = [thread_time()]
        for number in range(1_000):
            new_class(f"S{number}", (_Plain,), {}, lambda names: names.update({}))
        times.append(thread_time())
        states, edges = ring(1_000)
        times.append(thread_time())
        made = machine("Large", states, edges)
        times.append(thread_time())
        if len(made.__chart__.nodes) != 1_001 or len(made.__chart__.transitions) != 1_000:
            raise Wrong("the machine has not the states and transitions that were declared")
        plain, parted, whole = ((b - a) * 1e3 for a, b in pairwise(times))
        parts["plain classes"].append(plain)
        parts["state classes and edges"].append(parted)
        parts["the machine class"].append(whole)
    gc.unfreeze()
    values = [a + b - c for a, b, c in zip(*parts.values(), strict=True)]
    sides = {name: min(took) for name, took in parts.items()}
    case = "definition of 1,000 states, without Python's own work for 1,000 classes"
    return [best(case, values, "ms", Gate(15, 8), sides=sides)]


class _Plain:
    """What 1,000 classes cost that do nothing."""


def towers(effort: Effort) -> list[Outcome]:
    """Deep hierarchies, crossed whole."""
    return [
        ratio(
            f"event, {depth} levels crossed, over the plan engine",
            race([tower(depth), _plan(partial(floors.crossing, depth))], effort),
            "ours",
            "plan engine",
        )
        for depth in (10, 30)
    ]


def many_regions(effort: Effort) -> list[Outcome]:
    """Eight regions, all moved by every event."""
    times = race([regions(8), _plan(partial(floors.regions, 8))], effort)
    return [ratio("event, 8 regions moved, over the plan engine", times, "ours", "plan engine")]


def huge(effort: Effort) -> list[Outcome]:
    """5,000 states."""
    small, large = round_trip(10), round_trip(5_000)
    return [ratio("event, 5,000 states over 10 states", race([small, large], effort), large.name, small.name)]


def _plan(make: Callable[[], tuple[Step, Check]]) -> Side:
    return Side("plan engine", make)
