"""A link: an open database, as the store sees it; what differs between databases stays behind it.

A link is used by one caller at a time, on whichever thread that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fsm.ports.store import Commit, Verdict
from persistence.statements import Statement

Question = tuple[Statement, Mapping[str, Any]]
Execute = Callable[[Statement, Mapping[str, Any]], list[Any]]
"""Runs a statement in the transaction that is open, and gives the rows that it returns."""


class Link(Protocol):
    """One open database. Every method raises StoreError, and then nothing was written."""

    @property
    def remote(self) -> bool:
        """Whether it may keep its caller waiting: it is a RemoteLink, and never runs on the event loop's thread."""
        ...

    def write(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns in one transaction."""
        ...

    def ask(self, *questions: Question) -> list[list[Any]]:
        """The rows that answer each question, all as of one moment."""
        ...

    def transaction(self) -> AbstractContextManager[Execute]:
        """One transaction, committed at its end unless something is raised."""
        ...

    def patiently(self) -> AbstractContextManager[None]:
        """Within it, locks of others are waited for."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class RemoteLink(Link, Protocol):
    """One whose database is reached over a wire, on which a task can wait."""

    async def write_beside(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        """`write` while the event loop goes on; None, and nothing is written, where that is not enough."""
        ...


class Database(Protocol):
    """One database that can be opened."""

    @property
    def name(self) -> str:
        """What error messages call it."""
        ...

    def open(self, *, owner: bool, later: Callable[[Callable[[], object]], None]) -> Link:
        """Open it and bring its schema up to date; `later` runs a function behind all other work."""
        ...
