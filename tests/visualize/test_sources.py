"""Links from a picture to the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.errors import DrawingError
from tests.visualize import machines
from tests.visualize.machines import Order, many
from visualize import diagram, to_dot

TEMPLATE = "https://example.org/{path}#L{line}"


def lines() -> list[str]:
    return Path(machines.__file__).read_text(encoding="utf-8").splitlines()


def test_a_state_leads_to_its_class() -> None:
    draft = next(b for b in diagram(Order, source=TEMPLATE).drawing.boxes if b.id == "Draft")
    number = int(draft.url.partition("#L")[2])
    assert "class Draft(State, initial=True)" in lines()[number - 1]
    assert "machines.py#" in draft.url


def test_a_transition_leads_to_its_declaration() -> None:
    hold = next(x for x in diagram(Order, source=TEMPLATE).drawing.lines if x.name == "hold")
    number = int(hold.url.partition("#L")[2])
    assert "hold = edge(Hold" in lines()[number - 1]


def test_without_a_template_there_are_no_links() -> None:
    assert "URL=" not in to_dot(Order)
    assert "URL=" in to_dot(diagram(Order, source=TEMPLATE))


def test_what_was_made_at_run_time_has_no_wrong_link() -> None:
    assert all("None" not in b.url for b in diagram(many(3), source=TEMPLATE).drawing.boxes)


@pytest.mark.parametrize("wrong", ["{nowhere}", "{0}", "{"])
def test_a_template_with_other_fields_is_refused(wrong: str) -> None:
    with pytest.raises(DrawingError, match="is not a template"):
        diagram(Order, source=wrong)
