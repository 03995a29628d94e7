"""An inlay: the picture of a chart or of a life, made so that the page's own style sheet colours it.

A diagram is laid out once for each machine; where instances stand is laid over it by the page. So nothing jumps when an
instance moves, and a slider through the past costs no layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace

from fsm.chart.chart import Chart
from visualize.drawing import draw
from visualize.overlay import Overlay, Taken
from visualize.picture import svg_text
from visualize.stays import TimedTurn, Trouble
from visualize.theme import DARK, LIGHT, Theme
from visualize.timeline import timeline

_TOKENS = tuple(f.name for f in fields(Theme) if f.name not in ("name", "nest"))
_NEST = tuple(f"nest-{number}" for number in range(len(LIGHT.nest)))
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def inlay(chart: Chart) -> str:
    """The diagram of a chart without an instance, as SVG. Raises MissingExtra without a layout engine, DrawingError."""
    svg = svg_text(draw(chart, Overlay()), _placeholders(), "TB")
    return _coloured(svg, {f"#{number:06x}": name for number, name in _numbered()})


def lines_of(chart: Chart) -> tuple[int, ...]:
    """The transition that each line of the diagram draws, by the line's number; -1 for the default of a history."""
    marked = Overlay(taken={t.index: Taken(t.index + 1) for t in chart.transitions})
    return tuple(line.taken - 1 for line in draw(chart, marked).lines)


def life(history: Iterable[TimedTurn], *, now: float, chart: Chart | None, incidents: Iterable[Trouble]) -> str:
    """The timeline of an instance as SVG. Raises DrawingError for an empty journal."""
    made = timeline(history, now=now, chart=chart, incidents=incidents)
    used = ("paper", "ink", "muted", "rule", "active", "delay", "failure", "service")
    return _coloured(made.svg, {getattr(LIGHT, name).lower(): name for name in used})


def sheet() -> str:
    """The colours of both themes as custom properties; the reader's wish comes before the system's.

    >>> "--paper: #14181D" in sheet()
    True
    """
    light, dark = _properties(LIGHT), _properties(DARK)
    return (
        f":root {{ color-scheme: light; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ color-scheme: dark; {dark} }} }}\n"
        f":root[data-theme=dark] {{ color-scheme: dark; {dark} }}\n"
    )


def _properties(theme: Theme) -> str:
    plain = [(name, getattr(theme, name)) for name in _TOKENS]
    return " ".join(
        f"--{name.replace('_', '-')}: {value};" for name, value in [*plain, *zip(_NEST, theme.nest, strict=True)]
    )


def _numbered() -> list[tuple[int, str]]:
    return list(enumerate((*_TOKENS, *_NEST), 0x010101))


def _placeholders() -> Theme:
    """A theme in which no two roles have the same colour."""
    colours = {name: f"#{number:06x}" for number, name in _numbered()}
    return replace(LIGHT, **{name: colours[name] for name in _TOKENS}, nest=tuple(colours[name] for name in _NEST))


def _coloured(svg: str, names: dict[str, str]) -> str:
    """The colours as references to custom properties; its own style sheet goes, for the page has one."""
    found = re.compile("|".join(names), re.IGNORECASE)
    text = found.sub(lambda m: f"var(--{names[m.group().lower()].replace('_', '-')})", _STYLE.sub("", svg))
    return text[text.index("<svg") :]
