"""The way of a line through the boxes."""

from __future__ import annotations

from tests.visualize.machines import Deep, Fork, Jam, Loops, Order, Ship
from visualize import diagram
from visualize.anchors import marks
from visualize.routes import Gate, Piece, Way, pieces, ways


def way(machine: type, name: str) -> tuple[Way, tuple[Piece, ...]]:
    drawing = diagram(machine).drawing
    found = next(w for w in ways(drawing, marks(drawing)) if w.line is not None and w.line.name == name)
    return found, pieces(drawing, found)


def numbers(machine: type, *ids: str) -> list[int]:
    return [machine.__chart__.index[i] for i in ids]  # type: ignore[attr-defined]


def test_a_line_passes_every_border_between_its_ends() -> None:
    _, parts = way(Deep, "there")
    assert [p.home for p in parts] == [*numbers(Deep, "A.B", "A"), 0, *numbers(Deep, "F", "F.B")]
    assert isinstance(parts[0].tail, str)
    assert all(
        isinstance(end, Gate) for p in parts for end in (p.tail, p.head) if end not in (parts[0].tail, parts[-1].head)
    )


def test_a_line_along_the_flow_leaves_at_the_last_border_and_enters_at_the_first() -> None:
    _, parts = way(Deep, "there")
    gates = [p.head for p in parts if isinstance(p.head, Gate)]
    assert [g.first for g in gates] == [False, False, True, True]


def test_a_line_against_the_flow_goes_the_other_way_round() -> None:
    found, parts = way(Deep, "back")
    assert found.back
    assert [p.head.first for p in parts if isinstance(p.head, Gate)] == [True, True, False, False]


def test_siblings_need_no_gate() -> None:
    _, parts = way(Order, "collected")
    assert len(parts) == 1
    assert not [e for p in parts for e in (p.tail, p.head) if isinstance(e, Gate)]


def test_a_line_between_two_regions_runs_below_them() -> None:
    _, parts = way(Ship, "order")
    assert [p.head.first for p in parts if isinstance(p.head, Gate)] == [False, False]


def test_several_targets_are_reached_through_a_bar() -> None:
    drawing = diagram(Fork).drawing
    found = [w for w in ways(drawing, marks(drawing)) if w.key.startswith("0")]
    assert [(w.key, w.tipped, w.named) for w in found] == [
        ("0", False, True),
        ("0x0", True, False),
        ("0x1", True, False),
    ]


def test_several_targets_against_the_flow_are_reached_from_below() -> None:
    drawing = diagram(Jam).drawing
    found = [w for w in ways(drawing, marks(drawing)) if w.line is not None and w.line.name == "again"]
    assert [w.back for w in found] == [True, True, True]
    gates = [p.head for w in found for p in pieces(drawing, w) if isinstance(p.head, Gate)]
    assert [g.first for g in gates] == [False, False, False, False]


def test_a_line_to_an_ancestor_leads_to_its_initial_dot() -> None:
    found, _ = way(Loops, "up")
    (work,) = numbers(Loops, "Work")
    assert found.end.node == f"i{work}"
    assert found.back


def test_a_line_from_all_states_starts_at_a_mark() -> None:
    found, _ = way(Loops, "cancel")
    assert found.start.node.startswith("pill")
