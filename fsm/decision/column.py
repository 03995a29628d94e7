"""A column of a table: one field of the model, and the cells that rules write into it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel

from fsm.chart.declared import shown
from fsm.decision.domain import Domain, domain_of, spelled
from fsm.errors import DefinitionError

M = TypeVar("M", bound=BaseModel)
V = TypeVar("V")
Case = TypeVar("Case", bound=BaseModel, contravariant=True)


class Cell(Generic[Case]):
    """What a rule asks of one column; combine cells of the same column with `&`, `|` and `~`.

    >>> class Applicant(BaseModel):
    ...     score: int
    >>> score = column(Applicant, lambda a: a.score)
    >>> str((score < 300) | (score >= 900))
    'score < 300 or >= 900'

    Mistakes are reported by the table, all at once.
    """

    def __init__(
        self,
        column: Column[Any, Any],
        text: str,
        mentions: tuple[Any, ...],
        holds: Callable[[Any], bool],
        problems: tuple[str, ...] = (),
    ) -> None:
        self.column, self.text, self.mentions, self.holds, self.problems = column, text, mentions, holds, problems

    def __str__(self) -> str:
        return f"{self.column.name} {self.text}"

    def __and__(self, other: Cell[Case]) -> Cell[Case]:
        left, right = (f"({c.text})" if " or " in c.text else c.text for c in (self, other))
        return self._with(other, f"{left} and {right}", lambda value: self.holds(value) and other.holds(value))

    def __or__(self, other: Cell[Case]) -> Cell[Case]:
        return self._with(other, f"{self.text} or {other.text}", lambda v: self.holds(v) or other.holds(v))

    def __invert__(self) -> Cell[Case]:
        return Cell(self.column, f"not ({self.text})", self.mentions, lambda v: not self.holds(v), self.problems)

    def _with(self, other: Cell[Case], text: str, holds: Callable[[Any], bool]) -> Cell[Case]:
        problems = (*self.problems, *other.problems)
        if not self.column.is_like(other.column):
            problems += (f"{self} and {other} are joined, but a cell is about one column; write two rules for `|`",)
        return Cell(self.column, text, (*self.mentions, *other.mentions), holds, problems)

    def __bool__(self) -> bool:
        raise DefinitionError(
            str(self), ["a cell has no truth value; write `a <= x, x < b` for a chain, and & | ~ for and, or, not"]
        )


class Column(Generic[Case, V]):
    """One field of a model; comparing it with constants makes the cells of a table. Made by `column`."""

    def __init__(self, model: type[BaseModel], path: tuple[str, ...]) -> None:
        self.model, self.path, self.name = model, path, ".".join(path)
        self.domain: Domain | None = None
        self.problem = ""
        try:
            self.domain = domain_of(model, path)
        except ValueError as problem:
            self.problem = f"column {self.name}: {problem}"

    def is_like(self, other: Column[Any, Any]) -> bool:
        """Whether two columns are the same field."""
        return (self.model, self.path) == (other.model, other.path)

    def __lt__(self, bound: V | int) -> Cell[Case]:
        return self._ordered("<", bound, operator.lt)

    def __le__(self, bound: V | int) -> Cell[Case]:
        return self._ordered("<=", bound, operator.le)

    def __gt__(self, bound: V | int) -> Cell[Case]:
        return self._ordered(">", bound, operator.gt)

    def __ge__(self, bound: V | int) -> Cell[Case]:
        return self._ordered(">=", bound, operator.ge)

    def __eq__(self, value: V | int) -> Cell[Case]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.one_of(value)

    def __ne__(self, value: V | int) -> Cell[Case]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        equal = self.one_of(value)
        return Cell(self, f"!= {spelled(value)}", equal.mentions, lambda v: not equal.holds(v), equal.problems)

    __hash__ = object.__hash__

    def between(self, low: V | int, high: V | int) -> Cell[Case]:
        """From `low` to `high`, both included."""
        both = (self >= low) & (self <= high)
        return Cell(self, f"{spelled(low)}..{spelled(high)}", both.mentions, both.holds, both.problems)

    def one_of(self, *values: V | int) -> Cell[Case]:
        """Equal to one of the values."""
        known, problems = self._constants(values)
        text = f"= {spelled(values[0])}" if len(values) == 1 else f"in {', '.join(map(spelled, values))}"
        return Cell(self, text, known, frozenset(known).__contains__, problems)

    @property
    def missing(self) -> Cell[Case]:
        """The field is None."""
        return Cell(self, "missing", (), lambda value: value is None, self._problems())

    def __invert__(self: Column[Case, bool]) -> Cell[Case]:
        return self == False  # noqa: E712

    def _ordered(self, sign: str, bound: Any, compare: Callable[[Any, Any], bool]) -> Cell[Case]:
        known, problems = self._constants((bound,))
        if self.domain is not None and not self.domain.line:
            problems += (f"column {self.name}: {self.domain.kind.__name__} has no order; use == or one_of(…)",)
        constant = known[0] if known else None

        def holds(value: Any) -> bool:
            return value is not None and compare(value, constant)

        return Cell(self, f"{sign} {spelled(bound)}", known, holds, problems)

    def _constants(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        known, problems = [], list(self._problems())
        for value in values:
            try:
                known.append(self.domain.constant(value) if self.domain is not None else value)
            except ValueError as problem:
                problems.append(f"column {self.name}: {problem}; compare it with a constant of its own kind")
        return tuple(known), tuple(problems)

    def _problems(self) -> tuple[str, ...]:
        return (self.problem,) if self.problem else ()


def column(model: type[M], field: Callable[[M], V]) -> Column[M, V]:
    """A field of a model as a column: `column(Applicant, lambda a: a.score)`, nested ones by their path.

    Raises DefinitionError when the function does anything but name a field.
    """
    try:
        found: object = field(cast(M, _Path(())))
    except Exception as problem:
        raise _not_a_field(model) from problem
    if not isinstance(found, _Path) or not object.__getattribute__(found, "_names"):
        raise _not_a_field(model)
    return Column(model, object.__getattribute__(found, "_names"))


class _Path:
    """Stands for an instance of the model, and writes down which field is read."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __getattribute__(self, name: str) -> _Path:
        return _Path((*object.__getattribute__(self, "_names"), name))


def _not_a_field(model: type) -> DefinitionError:
    return DefinitionError(
        getattr(model, "__name__", shown(model)),
        [
            "a column is a field of the model and nothing else, so that every case can be proved: write"
            " `lambda a: a.score`; what has to be worked out first belongs into a field of its own"
        ],
    )
