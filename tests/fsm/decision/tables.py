"""Tables for tests: a small model whose every case can be listed, and random rules over it."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from itertools import product
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, Field

from fsm.decision import Cell, Rule, column, rule


class Grade(Enum):
    """What the tables answer."""

    A = "a"
    B = "b"


class Small(BaseModel):
    """A model with few cases."""

    score: int = Field(ge=0, le=6)
    share: Decimal = Field(ge=0, lt=1, decimal_places=1)
    employed: bool
    country: Literal["DE", "FR"] | None


score = column(Small, lambda a: a.score)
share = column(Small, lambda a: a.share)
employed = column(Small, lambda a: a.employed)
country = column(Small, lambda a: a.country)

COUNTRIES: tuple[Literal["DE", "FR"] | None, ...] = ("DE", "FR", None)
EVERY = tuple(
    Small(score=s, share=Decimal(h) / 10, employed=e, country=c)
    for s, h, e, c in product(range(7), range(10), (False, True), COUNTRIES)
)


def _ordered(column: Any, constants: st.SearchStrategy[Any]) -> st.SearchStrategy[Cell[Small]]:
    single = st.builds(
        lambda sign, bound: getattr(column, sign)(bound),
        st.sampled_from(["__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"]),
        constants,
    )
    joined = st.builds(lambda one, other, both: one & other if both else one | other, single, single, st.booleans())
    return single | joined | st.builds(lambda low, high: column.between(low, high), constants, constants)


CELLS = (
    _ordered(score, st.integers(-1, 7)),
    _ordered(share, st.integers(0, 20).map(lambda n: Decimal(n) / 20)),
    st.sampled_from([employed == True, ~employed]),  # noqa: E712
    st.sampled_from([country == "DE", country != "FR", country.missing, ~country.missing, country.one_of("DE", "FR")]),
)

RULES: st.SearchStrategy[list[Rule[Small, Grade]]] = st.lists(
    st.builds(
        lambda cells, then: rule(*[cell for cell in cells if cell is not None], then=then),
        st.tuples(*(st.none() | cells for cells in CELLS)).filter(
            lambda cells: any(cell is not None for cell in cells)
        ),
        st.sampled_from(Grade),
    ),
    min_size=1,
    max_size=5,
)


def matching(rules: list[Rule[Small, Grade]], case: Small) -> list[int]:
    """The rules that hold for a case, cell by cell."""
    return [
        number
        for number, found in enumerate(rules)
        if all(cell.holds(getattr(case, cell.column.name)) for cell in found.cells)
    ]
