"""A picture: a drawing in one of the formats that a layout engine writes."""

from __future__ import annotations

from visualize.dot import Direction
from visualize.drawing import Drawing
from visualize.engine import Engine, find_engine
from visualize.layout import laid_out
from visualize.pdf import pdf_document
from visualize.pinned import PINNED, pinned_source
from visualize.svg import dressed
from visualize.theme import Theme

DPI = 144
"""Twice the usual 72: sharp on today's screens."""


def svg_text(drawing: Drawing, theme: Theme, direction: Direction, engine: Engine | None = None) -> str:
    """The picture as one SVG element."""
    engine = engine or find_engine()
    return dressed(engine.run(_placed(drawing, theme, direction, engine), "svg", *PINNED).decode(), drawing, theme)


def png_bytes(drawing: Drawing, theme: Theme, direction: Direction, engine: Engine | None = None) -> bytes:
    """The picture as PNG."""
    engine = engine or find_engine()
    return engine.run(_placed(drawing, theme, direction, engine), "png", *PINNED, f"-Gdpi={DPI}")


def pdf_bytes(drawing: Drawing, theme: Theme, direction: Direction, engine: Engine | None = None) -> bytes:
    """The picture as PDF."""
    engine = engine or find_engine()
    placed = _placed(drawing, theme, direction, engine)
    return pdf_document(engine.run(placed, "json", *PINNED)) if engine.pure else engine.run(placed, "pdf", *PINNED)


def _placed(drawing: Drawing, theme: Theme, direction: Direction, engine: Engine) -> str:
    return pinned_source(drawing, theme, direction, laid_out(drawing, theme, direction, engine))
