"""The checks of a chart that a document describes, as a whole: what could never run, or never end."""

from __future__ import annotations

from collections.abc import Mapping

from fsm.chart.chart import Chart, Node, Transition
from fsm.chart.state import Kind


def problems_of_chart(chart: Chart, places: Mapping[str, str], *, whole: bool) -> list[str]:
    """What is wrong with a chart, each with its fix; `places` says where each state stands.

    A chart is not whole when transitions that could not be read are missing from it.
    """
    found: list[str] = []
    for node in chart.nodes[1:]:
        found += (f"{places[node.id]}: {text}" for text in _node(chart, node))
    for transition in chart.transitions:
        found += (f"{transition.where}: {text}" for text in _transition(chart, transition))
    found += _doubles(chart)
    found += _endless(chart)
    if whole and not found:  # reachability says nothing useful about a broken chart
        found += (
            f"{places[n.id]}: nothing leads to {n.id}; add a transition with that dest, or take the state out"
            for n in _unreachable(chart)
        )
    return found


def _node(chart: Chart, node: Node) -> list[str]:
    found = []
    parent = chart.nodes[node.parent]
    if node.kind is Kind.HISTORY:
        if not node.parent:
            found.append("is the history of the whole machine, which is never left; put it into the state it is for")
        elif not parent.children:
            found.append(f"has nothing to remember: {parent.id} has no other children; give it some")
    if any(chart.nodes[i].kind is Kind.HISTORY for i in node.initial):
        found.append("a history cannot be initial; name a state")
    return found


def _transition(chart: Chart, t: Transition) -> list[str]:
    source, found = chart.nodes[t.source], []
    if source.kind in (Kind.FINAL, Kind.HISTORY):
        found.append(f"starts at {source.id}, a {source.kind.value} state, which nothing leaves; name another source")
    if t.trigger.kind in ("after", "done") and not t.source:
        found.append("needs the state that it waits in; name a source")
    elif t.trigger.kind == "done" and not _can_be_done(chart, source):
        found.append(f"{source.id} is never done; give it (each region of it) a final child")
    if t.trigger.kind == "always" and not t.targets and t.guard is None:
        found.append("would be taken for ever; give it a dest, or conditions that end it")
    return found


def _can_be_done(chart: Chart, node: Node) -> bool:
    if node.kind is Kind.COMPOUND:
        return any(chart.nodes[c].kind is Kind.FINAL for c in node.children)
    return node.kind is Kind.PARALLEL and all(_can_be_done(chart, chart.nodes[c]) for c in node.children)


def _doubles(chart: Chart) -> list[str]:
    """Transitions without conditions whose events others without conditions take first: they could never be taken."""
    first: dict[tuple[int, str, str], Transition] = {}
    found = []
    for t in chart.transitions:
        if t.guard is not None or t.trigger.kind == "after":
            continue
        keys = [(t.source, t.trigger.kind, name) for name in t.trigger.names or (t.trigger.key,)]
        earlier = [first[key] for key in keys if key in first]
        if len(earlier) == len(keys):
            found.append(
                f"{t.where}: is never taken: {earlier[0].where} has no conditions and comes first on"
                f" {t.trigger.label or 'always'}; give it conditions, or take one of them out"
            )
        for key in keys:
            first.setdefault(key, t)
    return found


def _endless(chart: Chart) -> list[str]:
    """Eventless transitions without conditions that lead back to where they start."""
    by_source: dict[int, list[Transition]] = {}
    for t in chart.transitions:
        if t.trigger.kind == "always":
            by_source.setdefault(t.source, []).append(t)
    found: list[str] = []
    known: set[int] = set()
    for start in (t for several in by_source.values() for t in several if t.guard is None):
        path: list[Transition] = []
        at: Transition | None = start
        while at is not None and at not in path:
            path.append(at)
            at = _follows(chart, at, by_source)
        if at is not None and at.index not in known:
            circle = path[path.index(at) :]
            known.update(t.index for t in circle)
            found.append(
                f"{at.where}: is taken for ever ({', '.join(dict.fromkeys(t.where for t in circle))}): nothing ends the"
                f" circle; give one of them conditions"
            )
    return found


def _follows(chart: Chart, t: Transition, by_source: Mapping[int, list[Transition]]) -> Transition | None:
    """What is taken next for certain, when nothing but this transition can be taken first."""
    if len(t.targets) != 1:
        return None
    at, nodes = t.targets[0], chart.nodes
    while len(nodes[at].initial) == 1:
        at = nodes[at].initial[0]
    if nodes[at].kind in (Kind.HISTORY, Kind.PARALLEL) or (nodes[at].kind is Kind.FINAL and not nodes[at].parent):
        return None
    for state in (at, *chart.ancestors(at)):
        if nodes[state].kind is Kind.PARALLEL:
            return None
        here = by_source.get(state, ())
        if here:
            return here[0] if here[0].guard is None else None
    return None


def _unreachable(chart: Chart) -> list[Node]:
    """The outermost states that nothing leads to; a history that nobody uses is harmless."""
    reached: set[int] = set()
    waiting = [0]
    leads: Mapping[int, list[int]] = {n.index: [] for n in chart.nodes}
    for t in chart.transitions:
        leads[t.source].extend(t.targets)

    def enter(index: int) -> None:
        waiting.extend((index, *chart.ancestors(index)))

    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        reached.add(at)
        node = chart.nodes[at]
        by_default = node.initial if node.kind is Kind.COMPOUND else node.children
        if node.kind is Kind.HISTORY:
            by_default = node.default or chart.nodes[node.parent].initial or chart.nodes[node.parent].children
        for target in (*by_default, *leads[at]):
            enter(target)
    return [n for n in chart.nodes[1:] if n.index not in reached and n.parent in reached and n.kind is not Kind.HISTORY]
