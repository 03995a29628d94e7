"""A diagram: the drawing of a chart, of an instance or of a rehearsal, which notebooks show by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fsm.chart.chart import Chart
from fsm.errors import DrawingError, MissingExtra
from visualize.dot import Direction
from visualize.drawing import Drawing, draw
from visualize.mermaid import mermaid_source
from visualize.overlay import Charted, Microstep, Overlay, Rehearsed, Turn, overlaid
from visualize.picture import svg_text
from visualize.text import tree
from visualize.theme import Theme, ThemeName, theme_named


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
    failed: str | None = None,
    theme: ThemeName = "light",
    direction: Direction = "TB",
) -> Diagram:
    """The diagram of a machine class, a chart, a snapshot, a rehearsal or of another diagram.

    A snapshot shows its active states, a rehearsal and `history` also the path taken; `failed` is the id of a state
    to mark as failed. For a durable instance:

        diagram(await order.snapshot(), history=await order.history())

    Raises DrawingError for anything else, and for states that the chart does not know.
    """
    chosen = theme_named(theme)
    if chosen is None:
        raise DrawingError(f"There is no theme {theme!r}; choose 'light' or 'dark'.")
    if direction not in ("TB", "LR"):
        raise DrawingError(f"There is no direction {direction!r}; choose 'TB' (top to bottom) or 'LR' (left to right).")
    if isinstance(subject, Diagram):
        return Diagram(subject.drawing, chosen, direction)
    path = [step for turn in history for step in turn.steps]
    chart, overlay = _read(subject, path, (failed,) if failed else ())
    return Diagram(draw(chart, overlay), chosen, direction)


def _read(subject: object, path: list[Microstep], failed: Iterable[str]) -> tuple[Chart, Overlay]:
    chart = subject if isinstance(subject, Chart) else getattr(subject, "__chart__", None)
    if isinstance(chart, Chart) and isinstance(subject, type | Chart):
        return chart, overlaid(chart, path=path, failed=failed)
    if isinstance(subject, Rehearsed):
        return _read_snapshot(subject.snapshot(), [*subject.trace, *path], failed, subject)
    return _read_snapshot(subject, path, failed, subject)


def _read_snapshot(
    snapshot: Any, path: list[Microstep], failed: Iterable[str], subject: object
) -> tuple[Chart, Overlay]:
    if not isinstance(snapshot, Charted):
        raise DrawingError(
            f"A {type(subject).__name__} cannot be drawn; give a machine class, a rehearsal, or a snapshot."
            f" For a durable instance write diagram(await instance.snapshot(), history=await instance.history())."
        )
    visited = getattr(snapshot, "visited", ())
    overlay = overlaid(snapshot.chart, configuration=snapshot.configuration, visited=visited, failed=failed, path=path)
    return snapshot.chart, overlay
