"""A rule: one row of a table, and the line that it stands on."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import Generic, TypeVar

from pydantic import BaseModel

from fsm.chart.line import line_of_frame
from fsm.decision.column import Cell, Column

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Case = TypeVar("Case", bound=BaseModel, contravariant=True)
Output = TypeVar("Output", covariant=True)


class Rule(Generic[Case, Output]):
    """One row: cells that must all hold, and what is answered then. Made by `rule`."""

    def __init__(self, cells: tuple[Cell[Case], ...], then: Output, where: str) -> None:
        self.cells, self.then, self.where = cells, then, where


def rule(*cells: Cell[M] | Column[M, bool], then: T) -> Rule[M, T]:
    """A row of a table; columns that it does not mention may have any value.

    >>> from fsm.decision import column
    >>> class Applicant(BaseModel):
    ...     score: int
    ...     employed: bool
    >>> score, employed = (column(Applicant, lambda a: a.score), column(Applicant, lambda a: a.employed))
    >>> [str(cell) for cell in rule(score < 300, employed, then="refer").cells]
    ['score < 300', 'employed = True']
    """
    frame = sys._getframe(1)
    where = f"{PurePath(frame.f_code.co_filename).name}:{line_of_frame(frame)}"
    return Rule(tuple(_cell(cell) for cell in cells), then, where)


def _cell(cell: Cell[M] | Column[M, bool]) -> Cell[M]:
    return cell == True if isinstance(cell, Column) else cell  # noqa: E712
