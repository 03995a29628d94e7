"""A diagram: the drawing of a chart, of an instance or of a rehearsal, which notebooks show by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fsm.chart.chart import Chart
from fsm.errors import DrawingError, MissingExtra
from visualize.dot import Direction
from visualize.drawing import Drawing, draw
from visualize.fold import folded
from visualize.mermaid import mermaid_source
from visualize.overlay import Charted, Microstep, Overlay, Rehearsed, Turn, entries, overlaid
from visualize.picture import svg_text
from visualize.sources import check_template
from visualize.text import tree
from visualize.theme import Theme, ThemeName, theme_named
from visualize.traffic import Flows, crowded


@dataclass(frozen=True, slots=True)
class Diagram:
    """A drawing together with the wish how to show it; made by `diagram`, shown as SVG in notebooks.

    >>> from fsm import Final, State, StateMachine
    >>> class Lamp(StateMachine):
    ...     class Off(Final, initial=True): ...
    >>> diagram(Lamp).drawing.name
    'Lamp'
    """

    drawing: Drawing
    theme: Theme
    direction: Direction = "TB"

    def _repr_svg_(self) -> str:
        return svg_text(self.drawing, self.theme, self.direction)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """SVG where a layout engine is installed; Mermaid and text everywhere."""
        bundle = {
            "text/plain": tree(self.drawing),
            "text/vnd.mermaid": mermaid_source(self.drawing, self.direction),
        }
        try:
            bundle["image/svg+xml"] = self._repr_svg_()
        except MissingExtra:
            pass  # a notebook without Graphviz shows the text
        return bundle


def diagram(
    subject: object,
    *,
    history: Iterable[Turn] = (),
    failed: str | Iterable[str] = (),
    now: float | None = None,
    flows: Flows | None = None,
    collapse: Iterable[str] | int = (),
    focus: str | None = None,
    source: str = "",
    theme: ThemeName | None = None,
    direction: Direction | None = None,
) -> Diagram:
    """The diagram of a machine class, a chart, a snapshot, a rehearsal or of another diagram.

    A snapshot shows its active states, a rehearsal and `history` also the path taken; with `now`, in seconds since
    the epoch, how long it has stood there; `failed` are the ids of states to mark as failed. For a durable instance:

        diagram(await order.snapshot(), history=await order.history(), now=time.time())

    `flows` lays many instances over a class: how many stand in each state, how long they stay, how often each
    transition is taken, where incidents happen:

        diagram(Order, flows=await persistence.flows.flows(store, "Order"))

    `collapse` closes composites, by their ids or below a level; `focus` opens only one state and what is around it.
    `source` makes links to the code: "https://example.org/blob/main/{path}#L{line}".
    `theme` ("light", "dark") and `direction` ("TB", "LR") are those of a diagram that is given, else "light" and "TB".
    Raises DrawingError for anything else, and for states that the chart does not know.
    """
    chosen = theme_named(theme or "light")
    if chosen is None:
        raise DrawingError(f"There is no theme {theme!r}; choose 'light' or 'dark'.")
    if direction not in (None, "TB", "LR"):
        raise DrawingError(f"There is no direction {direction!r}; choose 'TB' (top to bottom) or 'LR' (left to right).")
    if isinstance(subject, Diagram):
        chosen, direction = chosen if theme else subject.theme, direction or subject.direction
        return Diagram(folded(subject.drawing, collapse=collapse, focus=focus), chosen, direction)
    check_template(source)
    turns = list(history)
    path = [step for turn in turns for step in turn.steps]
    failures = (failed,) if isinstance(failed, str) else failed
    chart, overlay = _read(subject, path, failed=failures, entered_at=entries(turns), now=now)
    overlay = overlay if flows is None else crowded(chart, flows)
    return Diagram(folded(draw(chart, overlay, source), collapse=collapse, focus=focus), chosen, direction or "TB")


def _read(subject: object, path: list[Microstep], **marks: Any) -> tuple[Chart, Overlay]:
    chart = subject if isinstance(subject, Chart) else getattr(subject, "__chart__", None)
    if isinstance(chart, Chart) and isinstance(subject, type | Chart):
        return chart, overlaid(chart, path=path, **marks)
    if isinstance(subject, Rehearsed):
        return _read_snapshot(subject.snapshot(), [*subject.trace, *path], subject, marks)
    return _read_snapshot(subject, path, subject, marks)


def _read_snapshot(
    snapshot: Any, path: list[Microstep], subject: object, marks: Mapping[str, Any]
) -> tuple[Chart, Overlay]:
    if not isinstance(snapshot, Charted):
        raise DrawingError(
            f"A {type(subject).__name__} cannot be drawn; give a machine class, a rehearsal, or a snapshot."
            f" For a durable instance write diagram(await instance.snapshot(), history=await instance.history())."
        )
    visited = getattr(snapshot, "visited", ())
    overlay = overlaid(snapshot.chart, configuration=snapshot.configuration, visited=visited, path=path, **marks)
    return snapshot.chart, overlay
