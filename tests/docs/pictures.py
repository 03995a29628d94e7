"""What a picture says, so that one that is kept can be compared with one that is drawn anew."""

from __future__ import annotations

import re


def words(svg: str) -> list[str]:
    """Texts and states of a picture, wherever the layout put them: engines differ."""
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    return sorted([*texts, *re.findall(r'id="(state-[^"]+)"', svg)])
