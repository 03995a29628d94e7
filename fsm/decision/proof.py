"""The proof of a table: which boxes of cases no rule covers, and which two rules share one.

A rule is a box: for each axis the set of slots that it accepts, as the bits of an int. This is the geometric view of
Calvanese, Dumas, Laurson, Maggi, Montali and Teinemaa, "Semantics and Analysis of DMN Decision Tables" (BPM 2016,
arXiv:1603.07466). Where they sweep over one axis after the other, we subtract boxes from boxes, and count: rules that
have nothing in common cover a box exactly if their sizes add up to its own. So a table without overlaps is proved in
time n² · axes. With overlaps the question is as hard as the tautology of formulas (coNP-complete); the search is exact,
and bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod

from fsm.limits import PROOF_STEPS_MAX

Box = tuple[int, ...]


class ProofTooLong(Exception):
    """The rules overlap so much that the proof was given up."""


def common(one: Box, other: Box) -> Box | None:
    """What two boxes share, if anything.

    >>> common((0b011, 0b1), (0b110, 0b1)), common((0b01,), (0b10,))
    ((2, 1), None)
    """
    shared = tuple(map(int.__and__, one, other))
    return shared if all(shared) else None


def size(box: Box) -> int:
    """How many combinations of slots a box holds."""
    return prod(map(int.bit_count, box))


def overlaps(rules: Sequence[Box]) -> Iterator[tuple[int, int, Box]]:
    """Every pair of rules that share cases, by their numbers, with what they share.

    >>> list(overlaps([(0b011,), (0b100,), (0b110,)]))
    [(0, 2, (2,)), (1, 2, (4,))]
    """
    for (i, one), (j, other) in combinations(enumerate(rules), 2):
        shared = common(one, other)
        if shared is not None:
            yield i, j, shared


def gaps(whole: Box, rules: Sequence[Box], *, apart: bool = False, known: Sequence[Box] = ()) -> Iterator[Box]:
    """Boxes without anything in common that together are all that no rule covers.

    >>> list(gaps((0b11, 0b11), [(0b01, 0b11), (0b11, 0b01)]))
    [(2, 2)]

    `apart` says that no two rules overlap; gaps inside of the `known` ones are left out. Raises ProofTooLong.
    """
    waiting = [(whole, rules)]
    for _ in range(PROOF_STEPS_MAX):
        if not waiting:
            return
        box, others = waiting.pop()
        near = [shared for rule in others if (shared := common(rule, box)) is not None]
        if apart and sum(map(size, near)) == size(box):
            continue
        told = [shared for gap in known if (shared := common(gap, box)) is not None]
        if not near:
            if box not in told:
                yield box
            continue
        largest = max([*near, *told], key=size)
        if largest != box:
            waiting.extend((piece, near) for piece in _without(box, largest))
    raise ProofTooLong


def holes(whole: Box, rules: Sequence[Box], *, apart: bool = False) -> Iterator[Box]:
    """What no rule covers, as a few boxes that are as large as they can be and may overlap.

    >>> list(holes((0b111, 0b11), [(0b001, 0b11), (0b010, 0b01)]))
    [(6, 2), (4, 3)]

    Raises ProofTooLong.
    """
    found: list[Box] = []
    for gap in gaps(whole, rules, apart=apart, known=found):
        found.append(_widened(gap, whole, rules))
        yield found[-1]


def _widened(gap: Box, whole: Box, rules: Sequence[Box]) -> Box:
    """A box that no rule covers, made as large as it can be, one axis after the other."""
    for axis, slots in enumerate(whole):
        beside = (*gap[:axis], slots, *gap[axis + 1 :])
        taken = 0
        for rule in rules:
            if common(rule, beside) is not None:
                taken |= rule[axis]
        gap = (*gap[:axis], slots & ~taken, *gap[axis + 1 :])
    return gap


def _without(box: Box, hole: Box) -> Iterator[Box]:
    """A box without a smaller one inside it, as boxes that have nothing in common."""
    for axis, (all_slots, taken) in enumerate(zip(box, hole, strict=True)):
        if rest := all_slots & ~taken:
            yield (*hole[:axis], rest, *box[axis + 1 :])
