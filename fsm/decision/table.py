"""A decision table: rules over one model, proved when it is made, answered by looking up.

Each column knows for every slot of its axis which rules accept it, as the bits of an int; what all columns leave is
what matches. So the time grows with the columns and hardly with the rules, and no tree can grow larger than the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from operator import attrgetter
from typing import Any, Generic, Literal, TypeVar, overload

from pydantic import BaseModel
from pydantic_core import to_json

from fsm.chart.declared import shown
from fsm.decision.axis import Axis
from fsm.decision.decision import Decision
from fsm.decision.inspection import MISSING, Sheet, mistakes_of, problems_of
from fsm.decision.page import html_of, markdown_of
from fsm.decision.rule import Rule
from fsm.errors import DecisionFailed, DefinitionError

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Case = TypeVar("Case", bound=BaseModel)
Output = TypeVar("Output", covariant=True)


class DecisionTable(Generic[M, Output]):
    """Rules over the cases of a model; called with a case it gives the answer.

    >>> from fsm.decision import column, rule
    >>> from pydantic import Field
    >>> class Parcel(BaseModel):
    ...     grams: int = Field(gt=0, le=30_000)
    ...     abroad: bool
    >>> grams, abroad = column(Parcel, lambda p: p.grams), column(Parcel, lambda p: p.abroad)
    >>> postage = DecisionTable(
    ...     "postage",
    ...     Parcel,
    ...     rule(grams <= 1000, ~abroad, then=3),
    ...     rule(grams > 1000, ~abroad, then=6),
    ...     rule(abroad, then=15),
    ... )
    >>> postage(Parcel(grams=1001, abroad=False))
    6
    >>> postage.decide(Parcel(grams=1001, abroad=False)).rows
    ('postage:2',)

    `hits` says what several rules mean that hold, as DMN does: with `unique` it does not happen; with `any` they say
    the same; with `first` the first counts, and none is hidden by those before it; with `collect` all count, as a list.
    In each every case is answered by a rule, or by `otherwise`. Raises DefinitionError with every hole and every
    overlap, each with a case that shows it.
    """

    @overload
    def __init__(
        self: DecisionTable[Case, list[T]],
        name: str,
        model: type[Case],
        *rules: Rule[Case, T],
        hits: Literal["collect"],
        otherwise: Sequence[T] = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: DecisionTable[Case, T],
        name: str,
        model: type[Case],
        *rules: Rule[Case, T],
        hits: Literal["unique", "any", "first"] = "unique",
        otherwise: T = ...,
    ) -> None: ...

    def __init__(
        self, name: str, model: type[Any], *rules: Rule[Any, Any], hits: str = "unique", otherwise: Any = MISSING
    ) -> None:
        self.name, self.model, self.rules, self.hits = name, model, rules, hits
        self._otherwise = otherwise
        if mistakes := mistakes_of(model, rules, hits, otherwise):
            raise DefinitionError(name, mistakes)
        sheet = Sheet.of(rules)
        if problems := problems_of(sheet, hits, otherwise):
            raise DefinitionError(name, problems)
        self.columns = sheet.columns
        self._axes = sheet.axes
        self._lookups = [
            (attrgetter(column.name), axis, _bits(axis, [box[number] for box in sheet.boxes]))
            for number, (column, axis) in enumerate(zip(sheet.columns, sheet.axes, strict=True))
        ]
        self.version = self._digest()

    def __call__(self, case: M, /) -> Output:
        """The answer for a case. Raises DecisionFailed for one that its model would refuse."""
        answer: Output = self._answer(self._matching(case))
        return answer

    def decide(self, case: M, /) -> Decision[Output]:
        """The answer with the version of the table and the rows that matched. Raises DecisionFailed."""
        found = self._matching(case)
        rows = tuple(f"{self.name}:{number + 1}" for number in found) or (f"{self.name}:otherwise",)
        return Decision(output=self._answer(found), version=self.version, rows=rows)

    def to_markdown(self) -> str:
        """The table for a document, row by row as `rows` counts them."""
        return markdown_of(self.columns, self.rules, self._otherwise)

    def _repr_html_(self) -> str:
        return html_of(self.name, self.columns, self.rules, self._otherwise)

    def _matching(self, case: M) -> list[int]:
        """The rules that count for a case; none where `otherwise` does."""
        found = (1 << len(self.rules)) - 1
        try:
            for read, axis, rules in self._lookups:
                found &= rules[axis.slot_of(read(case))]
        except (AttributeError, TypeError, ValueError) as problem:
            raise DecisionFailed(
                f"{self.name}: {shown(case)} is not a case of this table: {problem}. Give it a validated"
                f" {self.model.__name__}."
            ) from problem
        numbers = list(_numbers(found))
        return numbers if self.hits in ("any", "collect") else numbers[:1]

    def _answer(self, found: list[int]) -> Any:
        if not found:
            return deepcopy(self._otherwise)
        if self.hits == "collect":
            return [deepcopy(self.rules[number].then) for number in found]
        return deepcopy(self.rules[found[0]].then)

    def _digest(self) -> str:
        domains = [axis.domain for axis in self._axes]
        content = {
            "name": self.name,
            "hits": self.hits,
            "columns": [(c.name, d.text, d.singles) for c, d in zip(self.columns, domains, strict=True)],
            "rules": [([(str(c), c.mentions) for c in rule.cells], rule.then) for rule in self.rules],
            "otherwise": [] if self._otherwise is MISSING else [self._otherwise],
        }
        return hashlib.blake2b(to_json(content), digest_size=8).hexdigest()


def _numbers(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _bits(axis: Axis, accepted: list[int]) -> list[int]:
    """For each slot of an axis the rules that accept it."""
    return [
        sum(1 << number for number, slots in enumerate(accepted) if slots >> slot & 1)
        for slot in range(len(axis.witnesses))
    ]
