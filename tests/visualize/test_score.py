"""What makes a layout better than another."""

from __future__ import annotations

from typing import Any

from visualize.score import score

PAGE: dict[str, Any] = {"bb": "0,0,100,100", "objects": []}


def line(position: str, **more: Any) -> dict[str, Any]:
    return {"pos": position, **more}


def measured(*edges: dict[str, Any]) -> float:
    return sum(score({**PAGE, "edges": list(edges)}))


def test_shorter_lines_are_better() -> None:
    assert measured(line("0,0 0,10 0,20 0,30")) < measured(line("0,0 0,20 0,40 0,60"))


def test_lines_that_cross_are_worse_than_lines_side_by_side() -> None:
    rising = line("0,0 10,10 20,20 30,31")
    assert measured(rising, line("0,30 10,20 20,10 30,-1")) > measured(rising, line("40,30 50,20 60,10 70,-1")) + 50


def test_a_line_through_the_label_of_another_one_is_worse_still() -> None:
    text = [{"op": "F", "size": 10}, {"op": "T", "pt": [50, 50], "align": "l", "width": 40, "text": "go"}]
    labelled = line("45,0 45,30 45,60 45,90", _ldraw_=text)
    assert measured(labelled, line("70,0 70,30 70,60 70,90")) > measured(labelled, line("95,0 95,30 95,60 95,90")) + 100


def test_invisible_lines_do_not_count() -> None:
    assert measured(line("0,0 0,10 0,20 0,30", style="invis")) == measured()


def test_only_what_is_in_the_way_of_something_counts_as_a_tangle() -> None:
    rising, falling = line("0,0 10,10 20,20 30,31"), line("0,30 10,20 20,10 30,-1")
    assert score({**PAGE, "edges": [rising]}).tangles == 0
    assert score({**PAGE, "edges": [rising, falling]}).tangles > 0
