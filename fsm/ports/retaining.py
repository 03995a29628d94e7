"""Retaining: what a store keeps of what has ended, and what it deletes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fsm.core.past import folded


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept of a machine's instances; the default keeps everything.

        Keep(days=30)                   ended instances for thirty days
        Keep(last=1000)                 the thousand that ended last
        Keep(days=30, journal_days=7)   and of those that go on a week of their journal

    Where both are given an instance goes when neither keeps it. Whatever the policy says, an instance stays while it
    goes on, while its parent or a fork of it does, while an incident of it is open; and a sender's key stays for
    `key_days`, so that the same event sent again is still the same.
    """

    last: int | None = None
    days: float | None = None
    journal_days: float | None = None
    key_days: float = 30.0


Fold = Callable[[str, Sequence[str]], str]
"""Given an instance and the `past` of consecutive journal rows: the last one made whole, so that the others may go."""


def whole(instance: str, rows: Sequence[str]) -> str:
    """How a store folds whose rows are readable."""
    return folded(rows)


class Retaining(Protocol):
    """The part of a store that deletes. Every method is one transaction."""

    async def erase(self, instance: str) -> bool:
        """Delete an instance that has ended with all that belongs to it, journal, calls and keys included; False when
        there is none. Raises StoreError when it, its parent or a fork of it goes on, or an incident of it is open."""
        ...

    async def prune(
        self, machine: str, keep: Keep, *, now: float | None = None, limit: int = 1000, fold: Fold = whole
    ) -> int:
        """Delete what a policy does not keep, `limit` instances at most; how many went. Call it until it gives 0.

        The oldest entry that is left of a journal is folded: what the instance was then stays known.
        """
        ...
