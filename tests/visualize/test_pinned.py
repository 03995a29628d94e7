"""DOT with all positions."""

from __future__ import annotations

import re

from fsm import State, StateMachine, after, edge
from tests.visualize.machines import Go, Loops, Order, Stop
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


class Waits(StateMachine):
    class Idle(State, initial=True): ...

    poll = edge(Go, Idle, to=Idle)
    again = after("30s", Idle, to=Idle)
    tick = edge(Stop, Idle, to=Idle)


def test_all_loops_of_a_state_are_one_curve_with_one_text() -> None:
    source = pinned(Waits)
    loops = source.split("\ts1 -> s1 [")[1:]
    (curve,) = {re.findall(r'\bpos="([^"]*)"', loop)[0] for loop in loops}
    assert curve.startswith("e,")
    assert [re.findall(r'\bid="([^"]*)"', loop)[0] for loop in loops] == ["edge-0", "edge-1", "edge-2"]
    texts = [loop.partition("label=<")[2] for loop in loops]
    assert [word in texts[0] for word in ("Go", "after 30s", "Stop")] == [True] * 3
    assert texts[1:] == ["", ""]
