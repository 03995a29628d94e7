"""Export: the ways out of a diagram, as text and as files; the suffix of a file picks its format."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from fsm.errors import DrawingError
from visualize.diagram import Diagram, diagram
from visualize.dot import Direction, dot_source
from visualize.mermaid import mermaid_source
from visualize.picture import pdf_bytes, png_bytes, svg_text
from visualize.text import tree
from visualize.theme import ThemeName
from visualize.timeline import Timeline

SUFFIXES = (".dot", ".md", ".mmd", ".pdf", ".png", ".svg", ".txt")


def to_dot(subject: object, *, theme: ThemeName | None = None, direction: Direction | None = None) -> str:
    """The subject as DOT, to be laid out by any Graphviz; needs no program.

    >>> from fsm import Final, State, StateMachine
    >>> class Lamp(StateMachine):
    ...     class Off(Final, initial=True): ...
    >>> to_dot(Lamp).startswith("digraph")
    True
    """
    made = diagram(subject, theme=theme, direction=direction)
    return dot_source(made.drawing, made.theme, direction=made.direction)


def to_mermaid(subject: object, *, direction: Direction | None = None) -> str:
    """The subject as Mermaid, for READMEs, forges and notebooks; needs no program.

    >>> from fsm import Final, State, StateMachine
    >>> class Lamp(StateMachine):
    ...     class Off(Final, initial=True): ...
    >>> "stateDiagram-v2" in to_mermaid(Lamp)
    True
    """
    made = diagram(subject, direction=direction)
    return mermaid_source(made.drawing, made.direction)


def to_text(subject: object, *, transitions: bool = True) -> str:
    """The subject as a tree for terminals: ● active, √ visited, ! failed; needs no program.

    >>> from fsm import Final, State, StateMachine
    >>> class Lamp(StateMachine):
    ...     class Off(Final, initial=True): ...
    >>> print(to_text(Lamp))
    Lamp
    └─ Off  (final)
    """
    return tree(diagram(subject).drawing, transitions=transitions)


def render(
    subject: object,
    path: str | os.PathLike[str],
    *,
    theme: ThemeName | None = None,
    direction: Direction | None = None,
) -> Path:
    """Draw the subject into a file, in the format that the suffix names: svg, png, pdf, dot, mmd,
    md (a Mermaid block, as forges show it) or txt.

        render(Order, "order.svg")
        render(diagram(await order.snapshot(), history=await order.history()), "now.png", theme="dark")

    A diagram keeps the theme and the direction that it was made with, unless others are given.
    A timeline is written too, as svg. The file is replaced as a whole or not at all. Raises DrawingError for another
    suffix or a missing folder, and MissingExtra where svg, png or pdf finds no Graphviz program.
    """
    file = Path(path)
    if file.suffix.lower() not in SUFFIXES:
        raise DrawingError(
            f"{file.name}: pictures cannot be written as {file.suffix or 'a file without suffix'!r}."
            f" Use one of {', '.join(SUFFIXES)}."
        )
    if not file.parent.is_dir():
        raise DrawingError(f"{file}: the folder {file.parent} does not exist. Create it first.")
    if isinstance(subject, Timeline):
        if file.suffix.lower() != ".svg":
            raise DrawingError(f"{file.name}: a timeline is SVG; give the file the suffix .svg.")
        _replace(file, _document(str(subject)))
    else:
        _replace(file, _content(diagram(subject, theme=theme, direction=direction), file.suffix.lower()))
    return file


def _content(made: Diagram, suffix: str) -> bytes:
    makers: dict[str, Callable[[], bytes]] = {
        ".svg": lambda: _document(svg_text(made.drawing, made.theme, made.direction)),
        ".png": lambda: png_bytes(made.drawing, made.theme, made.direction),
        ".pdf": lambda: pdf_bytes(made.drawing, made.theme, made.direction),
        ".dot": lambda: dot_source(made.drawing, made.theme, direction=made.direction).encode(),
        ".md": lambda: f"```mermaid\n{mermaid_source(made.drawing, made.direction)}```\n".encode(),
        ".mmd": lambda: mermaid_source(made.drawing, made.direction).encode(),
        ".txt": lambda: f"{tree(made.drawing)}\n".encode(),
    }
    return makers[suffix]()


def _document(svg: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg.rstrip()}\n'.encode()


def _replace(file: Path, content: bytes) -> None:
    """Write beside the file, then swap: a reader sees the old picture or the new one, never half of it."""
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise DrawingError(f"{file}: the folder cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.chmod(name, 0o644)
        os.replace(name, file)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise DrawingError(f"{file}: the picture cannot be written: {error.strerror}.") from error
