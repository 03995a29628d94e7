"""Validation: every check of a definition as a whole, each with its fix."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from itertools import combinations

from fsm.chart.chart import Node, Transition
from fsm.chart.collect import Collected, Place
from fsm.chart.declared import Declared
from fsm.chart.event import Event
from fsm.chart.state import Choice, Final, History, Kind, Parallel, State

_SPECIAL = frozenset({Kind.FINAL, Kind.HISTORY, Kind.CHOICE})
"""States that an edge on an event must not leave."""


def validate(
    found: Collected, nodes: tuple[Node, ...], transitions: list[Transition], events: tuple[type[Event], ...]
) -> None:
    """Report what is wrong with the tree, the edges and their sum."""
    plain = Kind.ATOMIC
    for node, place in zip(nodes, found.places, strict=True):
        if node.kind is plain and place.cls.__bases__ == (State,) and not getattr(place.cls, "__wrong__", ""):
            continue  # nothing can be wrong with most states
        _node(found, nodes, node)
        if node.kind is Kind.HISTORY:
            _history(found, nodes, node)
    for transition in transitions:
        kind = nodes[transition.source].kind
        if transition.trigger.kind != "event" or kind in _SPECIAL or len(transition.targets) > 1:
            _transition(found, nodes, transition)
    _doubles(found, nodes, transitions)
    _endless(found, nodes, transitions)
    _wire_names(found, transitions, events)
    if not found.problems:  # reachability says nothing useful about a broken tree
        _reachable(found, nodes, transitions)


def _node(found: Collected, nodes: tuple[Node, ...], node: Node) -> None:
    place = found.places[node.index]
    if node.index == 0 and not node.children:
        found.at_machine("has no states; nest `class Open(State, initial=True): ...` in it")
        return
    _kind(found, place)
    flagged = [c for c in place.children if getattr(found.places[c].cls, "__initial__", False)]
    names = [nodes[c].name for c in flagged]
    if node.kind is Kind.COMPOUND and len([c for c in flagged if nodes[c].kind is not Kind.HISTORY]) != 1:
        say = partial(found.at_state, place) if node.index else found.at_machine
        fix = f"write initial=True on exactly one, as in `class {nodes[node.children[0]].name}(State, initial=True)`"
        if not names:
            say(f"missing initial: none of its states is entered first; {fix}")
        else:
            say(f"{len(names)} initial states ({', '.join(names)}); {fix}")
    for child in flagged:
        if nodes[child].kind is Kind.HISTORY:
            found.at_state(found.places[child], "a history state cannot be initial; mark a state")
        elif node.kind is Kind.PARALLEL:
            found.at_state(found.places[child], "all regions of a Parallel are entered; take initial=True away")
    if node.kind is Kind.PARALLEL:
        if not node.children:
            found.at_state(place, "a Parallel without regions; nest at least two State or Parallel classes in it")
        for child in node.children:
            if nodes[child].kind is Kind.FINAL:
                found.at_state(found.places[child], "a region must be a State or a Parallel, not a Final")
        for child in node.children:
            if nodes[child].kind is Kind.CHOICE:
                found.at_state(found.places[child], "a region must be a State or a Parallel, not a Choice")
    if node.kind is Kind.CHOICE and node.choice is None:
        found.at_state(place, f"a Choice that nobody makes; write `@choose({node.name})` above a method")
    if node.kind in (Kind.FINAL, Kind.HISTORY, Kind.CHOICE) and place.children:
        found.at_state(place, f"a {node.kind.value} state has no children; use a State")


def _kind(found: Collected, place: Place) -> None:
    kinds = [k for k in (State, Parallel, Final, History, Choice) if issubclass(place.cls, k)]
    if len(kinds) > 1:
        found.at_state(place, f"is {' and '.join(k.__name__ for k in kinds)} at once; extend one of them")
    wrong = getattr(place.cls, "__wrong__", "")
    if wrong:
        found.at_state(place, wrong)


def _history(found: Collected, nodes: tuple[Node, ...], node: Node) -> None:
    place, parent = found.places[node.index], nodes[node.parent]
    if parent.index == 0:
        found.at_state(place, "history of the whole machine, which is never left; nest it in the state it is for")
    elif not parent.children:
        found.at_state(place, f"has nothing to remember: {parent.id} has no other children; nest states in it")
    for target in node.default:
        if not parent.index < target < parent.end or target == node.index:
            found.at_state(place, f"its default {nodes[target].id} lies outside of {parent.id}; name a state in it")
    if _leads_to(nodes, node.index, node):
        found.at_state(place, "its default leads back to itself through other histories; name a state in one of them")
    for a, b in combinations(node.default, 2):
        if not _orthogonal(nodes, a, b):
            found.at_state(
                place,
                f"its defaults {nodes[a].id} and {nodes[b].id} cannot be active together; several must lie in"
                f" different regions",
            )


def _leads_to(nodes: tuple[Node, ...], start: int, node: Node) -> bool:
    """Whether the defaults of a history come back to where they began; defaults lie inside of their parents, so
    that every circle is among the histories of one state."""
    waiting, seen = list(node.default), set[int]()
    while waiting:
        at = waiting.pop()
        if at == start:
            return at not in node.default
        if at not in seen and nodes[at].kind is Kind.HISTORY:
            seen.add(at)
            waiting += nodes[at].default
    return False


def _declaration(found: Collected, transition: Transition) -> Declared | None:
    return next((d for d in found.declarations if d.where == transition.where and d.name == transition.name), None)


def _say(found: Collected, transition: Transition, text: str) -> None:
    item = _declaration(found, transition)
    if item is not None:
        found.at(item, text)
    else:
        found.report(0, f"{transition.where}: edge {transition.name}: {text}")


def _transition(found: Collected, nodes: tuple[Node, ...], t: Transition) -> None:
    source, kind, trigger = nodes[t.source], nodes[t.source].kind, t.trigger.kind
    if kind is Kind.FINAL:
        _say(found, t, f"leaves {source.id}, which is Final; make it a State, or let the edge start elsewhere")
    if kind is Kind.CHOICE and trigger != "choose":
        _say(found, t, f"leaves {source.id}, a Choice, which nobody stays in; let its @choose method name the target")
    if kind is Kind.HISTORY:
        _say(found, t, f"starts at {source.id}, a history state, which is never active; name a state")
    if trigger == "done" and t.source and not _can_be_done(nodes, source):
        _say(found, t, f"{source.id} is never done; give it (each region of it) a Final child")
    if trigger in ("after", "done") and t.source == 0:
        _say(found, t, 'names no state; say which state it waits in, as in `after("15m", Open, to=…)`')
    if trigger == "always" and not t.targets and t.guard is None:
        _say(
            found,
            t,
            "would be taken for ever: without to= and when= an always never rests; give it one of them",
        )
    for a, b in combinations(t.targets, 2) if len(t.targets) > 1 else ():
        if not _orthogonal(nodes, a, b):
            _say(
                found,
                t,
                f"targets {nodes[a].id} and {nodes[b].id} cannot be active together;"
                f" several targets must lie in different regions",
            )


def _can_be_done(nodes: tuple[Node, ...], node: Node) -> bool:
    if node.kind is Kind.COMPOUND:
        return any(nodes[c].kind is Kind.FINAL for c in node.children)
    return node.kind is Kind.PARALLEL and all(_can_be_done(nodes, nodes[c]) for c in node.children)


def _orthogonal(nodes: tuple[Node, ...], a: int, b: int) -> bool:
    """Whether two states can be active together without one being inside the other."""
    above = {0}
    at = a
    while at > 0:
        above.add(at)
        at = nodes[at].parent
    at = b
    while at not in above:
        at = nodes[at].parent
    return at not in (a, b) and nodes[at].kind is Kind.PARALLEL


def _doubles(found: Collected, nodes: tuple[Node, ...], transitions: list[Transition]) -> None:
    """Two unguarded edges on one event: the second could never be taken."""
    first: dict[tuple[int, object], Transition] = {}
    edges_of = Counter([t.source for t in transitions])
    for t in transitions:
        if edges_of[t.source] == 1 or t.guard is not None or t.trigger.kind in ("after", "choose"):
            continue
        for key in t.trigger.events or (t.trigger.key,):
            other = first.setdefault((t.source, key), t)
            if other is not t:
                where = nodes[t.source].id or found.machine.__name__
                what = t.trigger.label or "always"
                _say(
                    found,
                    t,
                    f"a second unguarded edge on {what} in {where}: {other.name} ({other.where}) always"
                    f" comes first; add when= to one of them or remove one",
                )


def _endless(found: Collected, nodes: tuple[Node, ...], transitions: list[Transition]) -> None:
    """Eventless transitions without a guard that lead back to where they start: the macrostep would never end."""
    by_source: dict[int, list[Transition]] = {}
    for t in transitions:
        if t.trigger.kind == "always":
            by_source.setdefault(t.source, []).append(t)

    def follows(t: Transition) -> Transition | None:
        """What is taken next for certain, when nothing but this transition can be taken first."""
        at = t.targets[0] if len(t.targets) == 1 else -1
        if at < 0 or nodes[at].kind is Kind.HISTORY:
            return None
        while nodes[at].initial:
            at = nodes[at].initial[0]
        if nodes[at].kind is Kind.FINAL and nodes[at].parent == 0:
            return None
        while at >= 0:
            if nodes[at].kind is Kind.PARALLEL:
                return None
            here = by_source.get(at, ())
            if here:
                return here[0] if here[0].guard is None else None
            at = nodes[at].parent
        return None

    done: set[int] = set()
    for first in [t for ts in by_source.values() for t in ts if t.guard is None]:
        path: dict[int, Transition] = {}
        at: Transition | None = first
        while at is not None and at.index not in done and at.index not in path:
            path[at.index] = at
            at = follows(at)
        done.update(path)
        if at is not None and at.index in path:
            circle = list(path.values())[list(path).index(at.index) :]
            names = ", ".join(dict.fromkeys(t.name for t in circle))
            _say(found, at, f"is taken for ever ({names}): nothing ends the circle; give one of them when=")


def _wire_names(found: Collected, transitions: list[Transition], events: tuple[type[Event], ...]) -> None:
    def text(event: type[Event], other: type[Event]) -> str:
        return (
            f"{event.__qualname__} and {other.__qualname__} have the same wire name"
            f" {event.__wire__!r}; give one of them name="
        )

    known: dict[str, type[Event]] = {}
    for event in events:
        other = known.setdefault(event.__wire__, event)
        if other is not event:
            found.at_machine(text(event, other))
    for t in transitions:
        for event in t.trigger.events:
            other = known.setdefault(event.__wire__, event)
            if other is not event:
                _say(found, t, text(event, other))


def _reachable(found: Collected, nodes: tuple[Node, ...], transitions: list[Transition]) -> None:
    reached: set[int] = set()
    waiting = [0]
    leads: dict[int, list[int]] = defaultdict(list)
    for t in transitions:
        leads[t.source] += t.targets

    def enter(index: int) -> None:
        while index not in reached:  # the machine itself is reached first
            waiting.append(index)
            index = nodes[index].parent

    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        reached.add(at)
        node = nodes[at]
        if node.kind is Kind.HISTORY:
            for target in node.default:
                enter(target)
            if not node.default:
                for target in nodes[node.parent].initial or nodes[node.parent].children:
                    enter(target)
            enter(node.parent)
        for child in node.initial if node.kind is Kind.COMPOUND else node.children:
            enter(child)
        for target in leads[at]:
            enter(target)
    for node in nodes[1:]:
        # a history without an edge is harmless, and the outermost unreachable state is the news
        if node.index not in reached and node.kind is not Kind.HISTORY and node.parent in reached:
            found.at_state(
                found.places[node.index],
                "unreachable: no edge leads to it; add one with to=, or mark it initial=True, or remove it",
            )
