"""The MkDocs hook: blocks of the language `statechart` become pictures.

    hooks: [statecharts.py]                           in mkdocs.yml

    from visualize.mkdocs import on_page_markdown     in statecharts.py

and in a page, with options after the name:

    ```statechart
    orders:Order
    direction: LR
    caption: An order from cart to delivery
    ```
"""

from __future__ import annotations

import re
from typing import Any

from fsm.errors import DrawingError
from visualize.embed import figure, pictured

_BLOCK = re.compile(r"^(?P<in>[ \t]*)```statechart[ \t]*\n(?P<body>.*?)^(?P=in)```[ \t]*$", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, **page: Any) -> str:
    """The text of a page with its blocks replaced; MkDocs calls it for every page.

    >>> on_page_markdown("no picture here")
    'no picture here'

    Raises DrawingError, which ends the build, for a machine that cannot be drawn.
    """
    return _BLOCK.sub(lambda found: _drawn(found["in"], found["body"]), markdown)


def _drawn(indent: str, body: str) -> str:
    target, *rest = [line.strip() for line in body.splitlines() if line.strip()] or [""]
    options = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise DrawingError(f"statechart {target}: {line!r} is not an option. Write it as name: value.")
        options[name.strip()] = value.strip()
    html = figure(pictured(target, options), options.get("caption", ""))
    # Markdown ends a block of HTML at an empty line
    return "\n".join(f"{indent}{line}" for line in html.splitlines() if line.strip())
