"""An axis: a domain cut into slots, so that no cell of a table tells two values of one slot apart.

On a line every point that a cell or a bound mentions is a slot, and so is each gap between neighbours that holds a
value. What is true of one value of a slot, its witness, is true of all of them: a finite number of slots proves what
holds for every value.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fsm.decision.domain import Domain, spelled
from fsm.decision.line import value_at, value_between

_OUTSIDE = -1


class Axis:
    """The slots of one column.

    >>> axis = Axis(Domain(int, line=True, step=1), [2, 3])
    >>> axis.witnesses
    [1, 2, 3, 4]
    >>> axis.slot_of(700)
    3
    """

    def __init__(self, domain: Domain, mentions: Iterable[Any]) -> None:
        self.domain = domain
        self.witnesses: list[Any] = []
        """One value of each slot; those on the line come first, in their order."""
        self._singles: dict[Any, int] = {}
        self._points: list[Any] = []
        self._gaps: list[int] = []
        self._ends: list[tuple[Any, Any, bool]] = []
        self._nan = self._other = _OUTSIDE
        if domain.line:
            self._cut_line(mentions)
        elif domain.open:
            self._cut_text(mentions)
        for single in domain.singles:
            self._singles[single] = self._add(single)
        if domain.nan:
            self._nan = self._add(math.nan)

    def slot_of(self, value: Any) -> int:
        """The slot of a value. Raises ValueError or TypeError for one that is outside of the domain."""
        slot = self._singles.get(value)
        if slot is None:
            slot = self._slot_beside(value)
        if slot == _OUTSIDE:
            raise ValueError(f"{value!r} is outside of {self.domain.text}")
        return slot

    def _slot_beside(self, value: Any) -> int:
        """The slot of a value that nothing mentions."""
        if value is None:
            return _OUTSIDE
        if value != value:
            return self._nan
        if self._gaps:
            return self._gaps[bisect_left(self._points, value)]
        return self._other if isinstance(value, self.domain.kind) else _OUTSIDE

    def mask(self, holds: Callable[[Any], bool]) -> int:
        """The slots whose values a cell accepts, as the bits of an int."""
        return sum(1 << slot for slot, witness in enumerate(self.witnesses) if holds(witness))

    def text(self, mask: int) -> str:
        """Slots as a person writes them; nothing for all of them.

        >>> Axis(Domain(int, line=True, step=1), [300, 600]).text(0b00110)
        '>= 300 and < 600'
        """
        if mask.bit_count() == len(self.witnesses):
            return ""
        on_line = (1 << len(self._ends)) - 1
        told = [self._run(first, last) for first, last in _runs(mask & on_line)]
        told += [self._single(slot) for slot in range(len(self._ends), len(self.witnesses)) if mask >> slot & 1]
        return " or ".join(told)

    def _run(self, first: int, last: int) -> str:
        (low, _, low_taken), (_, high, high_taken) = self._ends[first], self._ends[last]
        if first == last and low_taken:
            return f"= {spelled(low)}"
        below = [f"{'>=' if low_taken else '>'} {spelled(low)}"] if first > 0 else []
        above = [f"{'<=' if high_taken else '<'} {spelled(high)}"] if last + 1 < len(self._ends) else []
        return " and ".join(below + above) or "present"

    def _single(self, slot: int) -> str:
        if slot == self._other:
            return "any other text"
        return "missing" if self.witnesses[slot] is None else f"= {spelled(self.witnesses[slot])}"

    def _add(self, witness: Any) -> int:
        self.witnesses.append(witness)
        return len(self.witnesses) - 1

    def _cut_text(self, mentions: Iterable[Any]) -> None:
        for text in sorted(set(mentions)):
            self._singles[text] = self._add(text)
        self._other = self._add(next(t for n in range(len(self._singles) + 1) if (t := "…" * n) not in self._singles))

    def _cut_line(self, mentions: Iterable[Any]) -> None:
        self._points = sorted({*mentions, *(b.value for b in self.domain.bounds)})
        for low, high in zip([None, *self._points], [*self._points, None], strict=True):
            between = value_between(self.domain, low, high)
            self._gaps.append(_OUTSIDE if between is None else self._add(between))
            if between is not None:
                self._ends.append((low, high, False))
            if high is None:
                break
            at = value_at(self.domain, high)
            self._singles[high] = _OUTSIDE if at is None else self._add(at)
            if at is not None:
                self._ends.append((at, at, True))


def _runs(mask: int) -> Iterator[tuple[int, int]]:
    """The first and the last of the bits that stand side by side.

    >>> list(_runs(0b1100110))
    [(1, 2), (5, 6)]
    """
    first = 0
    while mask >> first:
        while not mask >> first & 1:
            first += 1
        last = first
        while mask >> last + 1 & 1:
            last += 1
        yield first, last
        first = last + 1
