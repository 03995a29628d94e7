"""Tables are drawn as people read them, and nothing in them is taken for markup."""

from __future__ import annotations

from pydantic import BaseModel

from fsm.decision import column, rule
from fsm.decision.inspection import MISSING
from fsm.decision.page import html_of, markdown_of


class Person(BaseModel):
    age: int
    name: str


age, name = column(Person, lambda p: p.age), column(Person, lambda p: p.name)
RULES = (rule(age >= 3, age < 9, name == "<b>|", then="a|b"), rule(age >= 9, then="c"))


def test_cells_of_one_column_share_their_place_in_markdown() -> None:
    assert markdown_of((age, name), RULES, "d").splitlines() == [
        "|  | age | name | then |",
        "| --- | --- | --- | --- |",
        "| 1 | >= 3 and < 9 | = '<b>\\|' | 'a\\|b' |",
        "| 2 | >= 9 |  | 'c' |",
        "|  |  | otherwise | 'd' |",
    ]


def test_html_is_escaped() -> None:
    page = html_of("<x>", (age, name), RULES, MISSING)
    assert page.startswith("<table><caption>&lt;x&gt;</caption><tr><th></th><th>age</th>")
    assert "<td>= &#x27;&lt;b&gt;|&#x27;</td>" in page
    assert page.count("<tr>") == 3
