"""Class keywords that nobody knows."""

from __future__ import annotations

import pytest

from fsm.chart.keywords import unknown_keywords

KNOWN = ("initial", "tags")


@pytest.mark.parametrize(
    ("unknown", "name", "said"),
    [
        (["intial"], "Open", "intial= is no keyword of the class; did you mean initial=?"),
        (["tag"], "", "tag= is no keyword of the class; did you mean tags=?"),
        (["colour"], "Open", "colour= is no keyword of the class; there are initial=, tags="),
        (["final"], "Shut", "final= is no keyword of the class; write `class Shut(Final)`"),
        (["final"], "", "final= is no keyword of the class; did you mean initial=?"),
        (["a", "b"], "", "a= is no keyword of the class; there are initial=, tags=; "
         "b= is no keyword of the class; there are initial=, tags="),
    ],
)  # fmt: skip
def test_what_may_have_been_meant_is_said(unknown: list[str], name: str, said: str) -> None:
    assert unknown_keywords(unknown, KNOWN, name) == said
