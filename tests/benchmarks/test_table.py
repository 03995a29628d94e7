"""The table for readers, made from results."""

from __future__ import annotations

from benchmarks.figure import figure
from benchmarks.table import RESUMED, markdown, readme, rows

FIGURES = [
    figure("event, three levels crossed, over the plan engine", [2.5], sides={"ours": 2.0, "plan engine": 0.8}),
    figure("event, three levels crossed: faster than transitions", [30], sides={"transitions": 60.0, "ours": 2.0}),
    figure("event, three levels crossed: pysm, over the plan engine", [14], sides={"pysm": 14.0, "plan engine": 1.0}),
    figure(
        "durable step, one instance, FULL: speed of sqlite3 by hand",
        [0.5],
        sides={"ours": 100.0, "sqlite3 by hand": 50.0},
    ),
    figure(
        "durable step, one instance, NORMAL: speed of sqlite3 by hand",
        [0.25],
        sides={"ours": 80.0, "sqlite3 by hand": 20.0},
    ),
    figure(
        "durable step, one instance, NORMAL: p99 over the p99 of the whole step",
        [3],
        sides={"ours": 300.0, "whole step": 100.0},
    ),
    figure(
        "durable step, one instance: DBOS as shipped, over by hand",
        [80],
        sides={"DBOS": 4000.0, "sqlite3 by hand": 50.0},
    ),
]
DATA = {"machine": {"date": "2026-01-31", "python": "3.11.7"}, "figures": [f.as_data() for f in FIGURES]}


def test_each_library_has_its_row_and_ours_stands_first() -> None:
    lines = markdown(DATA).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:6]] == ["this", "DBOS", "pysm", "transitions"]


def test_times_stand_beside_how_often_they_are_the_floor() -> None:
    text = markdown(DATA)
    assert "| this | 2 (2.5 x) | – | 100 (2 x) | – |" in text
    assert "| DBOS | – | – | 4,000 (80 x) | – |" in text
    assert "| transitions | 60 (75 x) |" in text
    assert "Measured 2026-01-31 (python 3.11.7)." in text


def test_the_readme_has_a_few_of_them_in_units_that_can_be_read() -> None:
    more = [figure(RESUMED, [16.0], sides={"DBOS": 13.2, "ours": 0.8}).as_data()]
    text = readme({**DATA, "figures": [*DATA["figures"], *more]})
    assert text.splitlines() == [
        "| an event that crosses three levels | 2 µs | 60 µs | – | – | – |",
        "| a durable step | 100 µs | – | – | 4 ms | – |",
        "| 10,000 that were killed have gone on | 0.8 s | – | – | 13 s | – |",
    ]


def test_only_steps_and_events_become_columns() -> None:
    assert rows([figure("definition of 1,000 states", [5.0]).as_data()]) == {}
