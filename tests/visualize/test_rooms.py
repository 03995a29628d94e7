"""The DOT text of one box."""

from __future__ import annotations

import re

from tests.visualize.machines import Deep, Loops, Order
from visualize import diagram
from visualize.anchors import marks
from visualize.plot import Plot
from visualize.rooms import Site, Try, room_source
from visualize.routes import Gate, Piece, pieces, ways
from visualize.theme import LIGHT


def site(machine: type) -> Site:
    drawing = diagram(machine).drawing
    own = marks(drawing, loops=False)
    homed: dict[int, list[Piece]] = {b.index: [] for b in drawing.boxes}
    for way in ways(drawing, own):
        for piece in pieces(drawing, way):
            homed[piece.home].append(piece)
    return Site(drawing, LIGHT, "TB", own, homed)


def test_a_box_tells_only_what_lies_directly_in_it() -> None:
    found = site(Order)
    shipping = Order.__chart__.index["Processing.Fulfilment.Shipping"]
    source = room_source(found, shipping, Try("TB"))
    assert set(re.findall(r"^\ts(\d+) \[", source, re.M)) == {str(shipping + 1), str(shipping + 2)}
    assert "print_label" in source


def test_a_child_that_was_laid_out_is_a_node_of_its_size_with_a_port_for_each_gate() -> None:
    found = site(Deep)
    inner, outer = Deep.__chart__.index["A.B"], Deep.__chart__.index["A"]
    ends = {e for p in found.homed[inner] for e in (p.tail, p.head) if isinstance(e, Gate) and e.box == inner}
    gates = sorted(ends, key=lambda g: g.name)
    gate = gates[0]
    found.plots[inner] = Plot(inner, 144, 72, gates={g.way: ("s", (40.0 * i, 0.0)) for i, g in enumerate(gates, 1)})
    source = room_source(found, outer, Try("TB"))
    assert f"s{inner} [label=<<TABLE" in source
    assert "width=2.0000" in source
    assert f'PORT="{gate.name}"' in source
    assert f"s{inner}:{gate.name}:s -> {gate.name}" in source


def test_gates_stand_before_and_after_everything_else() -> None:
    source = room_source(site(Deep), Deep.__chart__.index["F.B"], Try("TB"))
    assert "rank=source" in source
    assert "rank=sink" in source


def test_what_nothing_leads_to_is_kept_below_the_initial_dot() -> None:
    found = site(Loops)
    both = Loops.__chart__.index["Both"]
    for index in (Loops.__chart__.index["Work"], both):
        found.plots[index] = Plot(index, 100, 100, gates={p.way.key: ("n", (5.0, 100.0)) for p in found.homed[index]})
    source = room_source(found, 0, Try("TB"))
    assert re.search(r"i0 -> pill\d+ \[.*style=invis", source)


def test_a_try_can_turn_the_order_round() -> None:
    found = site(Order)
    payment = Order.__chart__.index["Processing.Payment"]
    texts = {
        room_source(found, payment, Try("TB", reverse, mirror)) for reverse in (False, True) for mirror in (False, True)
    }
    assert len(texts) == 4
