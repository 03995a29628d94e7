"""DOT with all positions."""

from __future__ import annotations

import re

from tests.visualize.machines import Loops, Order
from visualize import diagram
from visualize.engine import find_engine
from visualize.layout import laid_out
from visualize.pinned import PINNED, pinned_source
from visualize.theme import LIGHT


def pinned(machine: type) -> str:
    drawing = diagram(machine).drawing
    return pinned_source(drawing, LIGHT, "TB", laid_out(drawing, LIGHT, "TB", find_engine()))


def test_everything_has_a_place() -> None:
    source = pinned(Loops)
    statements = re.findall(r"^\t+(?!node|edge|graph)\w+ (?:-> \w+ )?\[", source, re.M)
    assert len(statements) > 50
    assert len(re.findall(r"\bpos=", source)) == len(statements)


def test_a_painting_engine_moves_nothing() -> None:
    source = pinned(Order)
    places = dict(re.findall(r"^\t+(s\d+) \[.*?pos=\"([^\"]*)\"", source, re.M))
    painted = find_engine().run(source, "plain", *PINNED).decode()
    found = {m[0]: (float(m[1]) * 72, float(m[2]) * 72) for m in re.findall(r"^node (s\d+) (\S+) (\S+)", painted, re.M)}
    assert found.keys() == places.keys()
    shifts = {
        tuple(round(a - float(b), 0) for a, b in zip(found[name], text.split(","), strict=True))
        for name, text in places.items()
    }
    assert len(shifts) == 1  # the page as a whole may be moved


def test_headers_have_a_rule_and_regions_a_dashed_line() -> None:
    source = pinned(Order)
    assert source.count("class=rule") == 2
    assert source.count("class=separator") == 1
