"""What is folded when a journal is cut says the same as the rows that go."""

from __future__ import annotations

from fsm.core.past import texts, written
from fsm.ports.retaining import whole


def test_the_last_of_some_rows_is_made_whole() -> None:
    contents = [b'{"n":1,"who":"ada"}', b'{"n":2,"who":"ada"}', b'{"n":3,"who":"bob"}']
    rows = [written(before, now) for before, now in zip([None, *contents], contents, strict=False)]
    assert texts([whole("a", rows)]) == [contents[-1]]
