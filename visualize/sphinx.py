"""The Sphinx extension: a directive that draws a machine class where it stands.

    extensions = ["visualize.sphinx"]                 in conf.py

    .. statechart:: orders:Order
       :direction: LR
       :collapse: Fulfil
       :caption: An order from cart to delivery

HTML gets an SVG with tooltips, every other builder the tree of states as text.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fsm.errors import DrawingError
from visualize.embed import OPTIONS, figure, pictured
from visualize.text import tree


class Statechart(SphinxDirective):
    """`.. statechart:: package.module:Class`, with the options of `diagram`."""

    required_arguments = 1
    option_spec = dict.fromkeys(OPTIONS, directives.unchanged)

    def run(self) -> list[nodes.Node]:
        """The picture for HTML, and the text for everything else."""
        try:
            made = pictured(self.arguments[0], self.options)
        except DrawingError as problem:
            raise self.error(str(problem)) from problem
        html = addnodes.only(expr="html")
        html += nodes.raw("", figure(made, self.options.get("caption", "")), format="html")
        text = addnodes.only(expr="not html")
        text += nodes.literal_block("", tree(made.drawing), language="none")
        return [html, text]


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls to add the directive."""
    app.add_directive("statechart", Statechart)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
