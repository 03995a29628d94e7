"""A drawing: everything that a picture of a chart says, as frozen values, and nothing about how it looks.

Boxes carry the numbers of the chart's nodes, so `boxes[n]` is node `n` and box 0 is the machine itself.
Internal transitions are rows in a box, every other transition is a line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fsm.chart.chart import Chart, Node, Transition
from fsm.chart.delay import delay_words
from fsm.chart.state import Kind
from visualize.flow import Arc, against_the_flow
from visualize.guards import guard_label
from visualize.overlay import Overlay
from visualize.sources import state_address, transition_address

Look = Literal["", "active", "visited", "failed"]
Route = Literal["across", "loop", "inward", "outward"]
"""How a line runs: between strangers, to its own source, to a descendant or to an ancestor of the source."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a compartment: a keyword or an event, and what happens then."""

    role: str
    word: str
    text: str = ""
    guard: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One state; `region` marks a child of a parallel, `framed` one that must show its border.

    `hidden` counts the states in a composite that is closed, `note` stands beside the name, `url` leads to the source.
    """

    index: int
    id: str
    name: str
    kind: Kind
    parent: int
    children: tuple[int, ...] = ()
    initial: tuple[int, ...] = ()
    depth: int = 0
    region: bool = False
    framed: bool = True
    deep: bool = False
    rows: tuple[Row, ...] = ()
    tags: tuple[str, ...] = ()
    doc: str = ""
    look: Look = ""
    hidden: int = 0
    note: str = ""
    url: str = ""

    @property
    def composite(self) -> bool:
        """Whether other boxes lie in it."""
        return bool(self.children)


@dataclass(frozen=True, slots=True)
class Line:
    """One transition; `back` runs against the flow of the picture, `taken` counts how often it was taken.

    `share` says how much of the traffic goes this way, from 0 to 1; None where nobody counted.
    """

    index: int
    name: str
    source: int
    targets: tuple[int, ...]
    kind: str
    event: str = ""
    guard: str = ""
    action: str = ""
    route: Route = "across"
    reenter: bool = False
    back: bool = False
    taken: int = 0
    last: bool = False
    doc: str = ""
    share: float | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, ready to be drawn by any of the formats."""

    name: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    doc: str = ""
    file: str = ""

    def ancestors(self, index: int) -> tuple[int, ...]:
        """The boxes around a box, from the nearest to the machine itself."""
        found = []
        while index:
            index = self.boxes[index].parent
            found.append(index)
        return tuple(found)

    def inside(self, inner: int, outer: int) -> bool:
        """Whether one box lies in another one, at any depth."""
        return inner != outer and outer in self.ancestors(inner)

    def around(self, *indices: int) -> int:
        """The innermost box that has all the given ones inside."""
        shared = [set(self.ancestors(i)) or {0} for i in indices]
        return max(set.intersection(*shared), key=lambda i: self.boxes[i].depth)

    def sharing(self, line: Line) -> tuple[Line, ...]:
        """The lines whose texts stand at a line: all loops of a state are one curve, with all texts at the first."""
        if line.route != "loop" or len(line.targets) > 1 or self.boxes[line.source].composite:
            return (line,)
        loops = tuple(x for x in self.lines if (x.route, x.source, x.targets) == ("loop", line.source, line.targets))
        return loops if line is loops[0] else ()

    def within(self, index: int) -> tuple[Box, ...]:
        """All boxes inside a box, in document order."""
        return tuple(b for b in self.boxes[index + 1 :] if self.inside(b.index, index))


def draw(chart: Chart, overlay: Overlay, source: str = "") -> Drawing:
    """The drawing of a chart; the overlay says what stands out, `source` is the template of links to the code."""
    lines = [_line(chart, t, overlay, source) for t in chart.transitions if t.targets and not _restarts(chart, t)]
    lines += [_default(chart, n) for n in chart.nodes if n.kind is Kind.HISTORY and n.default]
    arcs = [_arc(chart, line) for line in lines]
    initials = {n.index: n.initial for n in chart.nodes}
    against = against_the_flow(arcs, initials)
    numbered = tuple(_numbered(line, i, i in against) for i, line in enumerate(lines))
    ends = {i for line in numbered for i in (line.source, *line.targets)}
    boxes = tuple(_box(chart, node, overlay, source, node.index in ends) for node in chart.nodes)
    return Drawing(chart.name, boxes, numbered, chart.doc, chart.file)


def _box(chart: Chart, node: Node, overlay: Overlay, source: str, touched: bool) -> Box:
    region = bool(node.index) and chart.nodes[node.parent].kind is Kind.PARALLEL and node.kind is not Kind.HISTORY
    rows = _rows(chart, node)
    look: Look = ""
    if node.index:
        look = "visited" if node.index in overlay.visited else look
        look = "active" if node.index in overlay.active else look
        look = "failed" if node.index in overlay.failed else look
    return Box(
        node.index,
        node.id,
        chart.name if node.index == 0 else node.name,
        node.kind,
        node.parent,
        tuple(n.index for n in chart.nodes[1:] if n.parent == node.index),
        node.initial if node.kind is Kind.COMPOUND else (),
        len(chart.ancestors(node.index)),
        region=region,
        framed=not region or touched or bool(rows) or node.kind is Kind.PARALLEL,
        deep=node.deep,
        rows=rows,
        tags=tuple(sorted(node.tags)),
        doc=node.doc if node.index else chart.doc,
        look=look,
        note=overlay.notes.get(node.index, ""),
        url=state_address(chart, source, node.index),
    )


def _rows(chart: Chart, node: Node) -> tuple[Row, ...]:
    rows = [Row("task", "task", node.doc.strip().partition("\n")[0] or "for a person")] if "task" in node.tags else []
    if node.data is not None:
        rows.append(Row("data", "data", ", ".join(node.data.model_fields)))
    if node.entry:
        rows.append(Row("entry", "entry", ", ".join(h.name for h in node.entry)))
    for i in node.invokes:
        work = chart.invokes[i]
        if work.person is not None:
            due = "" if work.person.due_ms is None else delay_words(work.person.due_ms)
            known = ", ".join(word for word in (work.person.label, due) if word)
            rows.append(Row("human", "human", f"{work.name} ({known})" if known else work.name))
            continue
        limit = f" ≤ {delay_words(work.timeout_ms)}" if work.timeout_ms is not None else ""
        machines = f" ({', '.join(work.machines)})" if work.machines else ""
        each = f" ({work.fan.label})" if work.fan is not None else ""
        undo = f" (undone by {work.undo.name})" if work.undo is not None else ""
        if work.undoes is not None:
            undo = f" (undoes {', '.join(chart.nodes[n].id for n in work.undoes) or 'everything'})"
        rows.append(Row("invoke", "invoke", f"{work.name}{machines}{each}{undo}{limit}"))
    for t in chart.transitions:
        if t.source == node.index and (not t.targets or _restarts(chart, t)):
            again = "enters again" if t.targets else ""
            rows.append(Row(_kind(t), _event(chart, t) or "always", again, guard_label(chart, t.guard), _actions(t)))
    if node.defers:
        rows.append(Row("defer", "defer", ", ".join(t.label for t in node.defers)))
    if node.exit:
        rows.append(Row("exit", "exit", ", ".join(h.name for h in node.exit)))
    if node.output:
        rows.append(Row("output", "output", node.output.name))
    return tuple(rows)


def _restarts(chart: Chart, t: Transition) -> bool:
    """Whether a region enters itself again: there is no room for a line beside a region, so it is a row in it."""
    return (
        t.targets == (t.source,) and bool(t.source) and chart.nodes[chart.nodes[t.source].parent].kind is Kind.PARALLEL
    )


def _line(chart: Chart, t: Transition, overlay: Overlay, source: str) -> Line:
    taken = overlay.taken.get(t.index)
    route: Route = "across"
    if t.source in t.targets:
        route = "loop"
    elif all(chart.inside(i, t.source) for i in t.targets):
        route = "inward"
    elif len(t.targets) == 1 and chart.inside(t.source, t.targets[0]):
        route = "outward"
    return Line(
        t.index,
        t.name,
        t.source,
        t.targets,
        _kind(t),
        _event(chart, t),
        guard_label(chart, t.guard),
        _actions(t),
        route,
        reenter=t.reenter and route == "inward" and t.source != 0,
        taken=taken.count if taken else 0,
        last=bool(taken and taken.last),
        doc=t.doc,
        share=overlay.shares.get(t.index),
        url=transition_address(chart, source, t),
    )


def _default(chart: Chart, node: Node) -> Line:
    actions = ", ".join(h.name for h in node.default_actions)
    return Line(-1, f"default of {node.id}", node.index, node.default, "default", action=actions)


def _numbered(line: Line, index: int, back: bool) -> Line:
    return replace(line, index=index, back=back or line.route == "outward")


def _arc(chart: Chart, line: Line) -> Arc | None:
    """A line seen by the two siblings that hold its ends; None where nothing flows between siblings."""
    if line.route != "across":
        return None
    source, target = [line.source, *chart.ancestors(line.source)], [line.targets[0], *chart.ancestors(line.targets[0])]
    while len(source) > 1 and len(target) > 1 and source[-2] == target[-2]:
        source.pop()
        target.pop()
    if len(source) < 2 or len(target) < 2 or chart.nodes[source[-1]].kind is Kind.PARALLEL:
        return None
    return Arc(source[-1], source[-2], target[-2])


def _kind(t: Transition) -> str:
    """The family of a trigger; error events belong to the failures."""
    kind = t.trigger.kind
    if kind == "event" and t.trigger.events and all(e.__wire__.startswith("error.") for e in t.trigger.events):
        return "failed"
    return "done" if kind == "answered" else kind


def _event(chart: Chart, t: Transition) -> str:
    """The trigger's label; where a state has several invokes, the one that is meant is named."""
    if t.trigger.kind == "after":
        return f"{t.trigger.word} {delay_words(t.trigger.delay_ms)}"
    works = [chart.invokes[i] for i in chart.nodes[t.source].invokes]
    if t.trigger.kind in ("answered", "failed") and len(works) > 1:
        meant = [w.name for w in works if t.trigger.key == w.id or t.trigger.key.endswith(f".{w.id}")]
        return f"{meant[0]} {t.trigger.label}" if meant else t.trigger.label
    return t.trigger.label


def _actions(t: Transition) -> str:
    return ", ".join(h.name for h in t.actions)
