"""Lifting: where in our chart an arrow of `transitions` has to start, so that it leaves what it leaves there.

A transition of `transitions` leaves what is below the deepest state on the way to its target that is *active*; one of
ours leaves what is below a state that is known beforehand. So an arrow from above its target, or from another region,
becomes several transitions, one for each state on the way down, and of these only one fits a configuration:

    A ── go ──▶ A_B_x      in A_B: starts at A_B, which stays         else: starts at A, which stays

With an arrow goes every other one of the same event and source: inner states are asked first, and the order must hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from fsm.interop.transitions_reading import Arrow, Place, Reading


@dataclass(frozen=True, slots=True)
class Lifted:
    """An arrow that starts at `source`, or at the machine, while all of `inside` and none of `outside` is active."""

    arrow: Arrow
    source: Place | None
    inside: tuple[Place, ...] = ()
    outside: tuple[Place, ...] = ()
    rank: int = 0
    """Those of one source are asked in this order: its own first, then those of outer states."""


@dataclass(frozen=True, slots=True)
class Descent:
    """The way down to a target: the states that it may start at, deepest first, and whether its own source is one."""

    starts: tuple[Place, ...] = ()
    own: bool = True
    sideways: bool = False
    """Whether it leads into another region."""
    closed: tuple[Place, ...] = ()
    """A parallel state of which the target is a region: while it is active, the arrow cannot be taken."""


def lifted(reading: Reading) -> Iterator[Lifted]:
    """Every arrow with the places where it starts; what cannot be carried is added to the problems of the reading."""
    groups: dict[tuple[str, str | None], list[Arrow]] = {}
    for arrow in reading.arrows:
        groups.setdefault((arrow.trigger, arrow.source), []).append(arrow)
    for group in groups.values():
        yield from _group(reading, group)


def _group(reading: Reading, group: list[Arrow]) -> Iterator[Lifted]:
    source = None if group[0].source is None else reading.places[group[0].source]
    descents = [_descent(reading, source, arrow) for arrow in group]
    starts = sorted({p.id: p for d in descents for p in d.starts}.values(), key=lambda p: -len(p.path))
    if _both_active(reading, starts) or (len(group) > 1 and any(d.sideways for d in descents)):
        reading.problems.append(
            f"{group[0].where}: {len(group)} transitions on one event lead into different regions, and only one may be"
            f" taken; let each start in its own region"
        )
        return
    rank = 1 + max(len(place.path) for place in reading.places.values()) - (len(source.path) if source else 0)
    for start in starts:
        inside = () if source is None or start.within(source) else (source,)
        deeper = tuple(p for p in starts if p is not start and p.within(start))
        for arrow, descent in zip(group, descents, strict=True):
            yield Lifted(arrow, start, inside, (*deeper, *descent.closed), rank)
    for arrow, descent in zip(group, descents, strict=True):
        if descent.own:
            yield Lifted(arrow, source, (), (*starts, *descent.closed))


def _both_active(reading: Reading, starts: list[Place]) -> bool:
    """Whether two of these states lie in different regions."""
    for one, other in combinations(starts, 2):
        shared = [p for p in reading.places.values() if one.within(p) and other.within(p)]
        apart = not one.within(other) and not other.within(one)
        if apart and (shared[-1].parallel if shared else reading.parallel):
            return True
    return False


def _descent(reading: Reading, source: Place | None, arrow: Arrow) -> Descent:
    if arrow.target is None:
        return Descent()
    target = reading.places[arrow.target]
    way = [place for place in reading.places.values() if target.within(place)]  # outermost first, the target last
    shared = [place for place in way if source is not None and source.within(place)]
    meeting = shared[-1] if shared else None
    parallel = meeting.parallel if meeting is not None else reading.parallel
    below = way[len(shared) :]
    if not below:
        return _unless_region(reading, target, arrow, Descent())
    if meeting is not source and not parallel:
        return Descent()
    starts = tuple(reversed([place for place in below[:-1] if place.children and not place.parallel]))
    closed = (below[-2],) if target.region and len(below) > 1 else ()
    found = Descent(starts, not parallel, parallel and meeting is not source, closed)
    return _unless_region(reading, target, arrow, found)


def _unless_region(reading: Reading, target: Place, arrow: Arrow, found: Descent) -> Descent:
    """A region cannot be left and entered alone: an auto transition to it is closed there, any other is refused."""
    if target.region and arrow.auto:
        return found if found.starts or found.closed else Descent((), own=False)
    if target.region:
        reading.problems.append(
            f"{arrow.where}: {target.id} is a region, which cannot be left and entered alone while the others stay; aim"
            f" at a state inside of it, or at {target.parent.id if target.parent else 'another state'}"
        )
    return found
