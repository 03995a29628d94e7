"""Pictures in pages of documentation: what the Sphinx directive and the MkDocs hook share."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from html import escape

from fsm.errors import DrawingError, MissingExtra
from visualize.diagram import Diagram, diagram
from visualize.mermaid import mermaid_source
from visualize.picture import svg_text

OPTIONS = ("theme", "direction", "collapse", "focus", "source", "caption")
"""What may be said beside the machine's name; `collapse` takes ids with commas between them, or a level."""


def pictured(target: str, options: Mapping[str, str]) -> Diagram:
    """The diagram of the machine that `package.module:Class` names.

    >>> pictured("fsm.demo.order:Order", {"direction": "LR"}).direction
    'LR'

    Raises DrawingError for a name that cannot be imported, for what is no machine and for unknown options.
    """
    if wrong := sorted(set(options) - set(OPTIONS)):
        raise DrawingError(f"{target}: no option {wrong[0]!r} for a picture. Use {', '.join(OPTIONS)}.")
    try:
        machine = pkgutil.resolve_name(target.strip())
    except (ImportError, AttributeError, ValueError) as problem:
        raise DrawingError(
            f"{target!r} cannot be imported: {problem}. Write package.module:Class, and make sure that the folder of"
            f" the package is on the path of Python when the documentation is built."
        ) from problem
    words = {k: v.strip() for k, v in options.items() if k != "caption" and v}
    closed = words.pop("collapse", "")
    collapse = int(closed) if closed.isdigit() else [part.strip() for part in closed.split(",") if part.strip()]
    return diagram(machine, collapse=collapse, **words)  # type: ignore[arg-type]


def figure(made: Diagram, caption: str = "") -> str:
    """The diagram as an element of HTML: SVG, or without Graphviz the Mermaid source, which a page may draw itself."""
    try:
        inner = svg_text(made.drawing, made.theme, made.direction)
    except MissingExtra:
        inner = f'<pre class="mermaid">{escape(mermaid_source(made.drawing, made.direction))}</pre>'
    named = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="statechart" style="overflow-x: auto">{inner}{named}</figure>'
