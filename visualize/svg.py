"""SVG: what Graphviz writes, dressed for a page: a title, a style sheet, and readable names for every state."""

from __future__ import annotations

import re
from html import escape

from visualize.drawing import Drawing
from visualize.labels import printable
from visualize.theme import Theme

_NAME = re.compile(r"<title>(s|cluster_)(\d+)</title>")
_ANY_TITLE = re.compile(r"<title>[^<]*</title>\n?")


def dressed(svg: str, drawing: Drawing, theme: Theme) -> str:
    """The SVG element alone, with title, description and style sheet; ready to be put into a page."""
    body = svg[svg.index("<svg") :]

    def named(match: re.Match[str]) -> str:
        kind, number = match.group(1), int(match.group(2))
        if kind in ("s", "cluster_"):
            box = drawing.boxes[number]
            return f"<title>{escape(printable(box.id), quote=False)}</title>"
        return ""

    body = _NAME.sub(named, body)
    known = {f"<title>{escape(printable(b.id), quote=False)}</title>" for b in drawing.boxes}
    body = _ANY_TITLE.sub(lambda m: m.group() if m.group().strip() in known else "", body)
    doc = drawing.doc.strip().partition("\n")[0]
    head = f"\n<title>{escape(printable(drawing.name))}</title>\n"
    head += f"<desc>{escape(printable(doc))}</desc>\n" if doc else ""
    head += f"<style>{_sheet(theme)}</style>"
    opened = re.sub(r"<svg ", f'<svg class="statechart {theme.name}" role="img" ', body, count=1)
    return re.sub(r"(<svg[^>]*>)", lambda m: m.group(1) + head, opened, count=1)


def _sheet(theme: Theme) -> str:
    """Only the first shape of a state is its border: a bare rule for paths would fatten the rules inside too."""
    return f"""
.statechart .state > g > a > path:first-of-type {{ transition: stroke .3s, fill .3s }}
.statechart .transition:hover path {{ stroke-width: 3 }}
.statechart .transition:hover text {{ text-decoration: underline }}
.statechart .node.state:hover > g > a > path:first-of-type {{ stroke: {theme.active} }}
.statechart a {{ cursor: default; text-decoration: none }}
.statechart a:any-link {{ cursor: pointer }}
"""
