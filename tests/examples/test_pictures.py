"""The pictures of the company examples are those that their classes give, and the gallery shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsm.command.described import described
from tests.docs.blocks import ROOT
from tests.docs.pictures import words
from visualize import render

DRAWN = (("10_order.py", "Order"), ("11_loan.py", "Loan"), ("12_documents.py", "Pipeline"), ("13_agent.py", "Agent"))


@pytest.mark.parametrize(("name", "machine"), DRAWN, ids=[name for name, _ in DRAWN])
def test_a_picture_is_drawn_from_the_class(name: str, machine: str, tmp_path: Path) -> None:
    target, picture = f"examples/{name}:{machine}", f"docs/pictures/{name.removesuffix('.py')}.svg"
    fresh = render(described(str(ROOT / target)), tmp_path / "fresh.svg").read_text(encoding="utf-8")
    assert words((ROOT / picture).read_text(encoding="utf-8")) == words(fresh), (
        f"{picture} is old; draw it again: fsm draw {target} -o {picture}"
    )
    assert f"(../{picture})" in (ROOT / "examples/README.md").read_text(encoding="utf-8")
