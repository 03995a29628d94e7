"""Pictures that the page colours."""

from __future__ import annotations

import re
from dataclasses import fields

from tests.visualize.dashboard.shop import Order
from visualize.dashboard.inlay import inlay, lines_of, sheet
from visualize.theme import DARK, LIGHT


def test_every_colour_of_a_diagram_is_one_of_the_sheet() -> None:
    used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', inlay(Order.__chart__)))
    named = set(re.findall(r"(--[\w-]+):", sheet()))
    assert {colour for colour in used if colour not in ("none", "transparent")} <= {f"var({name})" for name in named}


def test_the_sheet_has_all_colours_of_both_themes() -> None:
    text = sheet()
    for theme in (LIGHT, DARK):
        for field in fields(theme):
            value = getattr(theme, field.name)
            for colour in value if isinstance(value, tuple) else (value,):
                assert colour in text, field.name
    assert "prefers-color-scheme: dark" in text


def test_every_line_of_a_diagram_is_a_transition() -> None:
    lines = lines_of(Order.__chart__)
    drawn = {t.index for t in Order.__chart__.transitions if t.targets}
    assert {line for line in lines if line >= 0} == drawn
    assert inlay(Order.__chart__).count('class="edge transition') == len(lines)
