"""Warnings before a limit is met: what has grown to four fifths of it is told once, while there is time to act."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from fsm.limits import CONTEXT_BYTES_MAX, EVENT_BYTES_MAX
from fsm.ports.store import Commit

logger = logging.getLogger("fsm.persistence")

SHARE: Final = 0.8
"""The share of a limit from which on it is told."""

ENTRY_BYTES_MAX: Final = EVENT_BYTES_MAX * 2
"""A journal entry holds its event and the names of its microsteps."""

TOLD_MAX: Final = 10_000
"""Warnings remembered, so that each is given once; then they may come again."""

_CONTEXT: Final = int(CONTEXT_BYTES_MAX * SHARE)
_EVENT: Final = int(EVENT_BYTES_MAX * SHARE)
_ENTRY: Final = int(ENTRY_BYTES_MAX * SHARE)


class Sizes:
    """Watches what is written to one store."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._told: set[tuple[str, str]] = set()

    def watch(self, batch: Sequence[Commit]) -> None:
        """Warn of whatever is nearly too large."""
        for commit in batch:
            record, entry = commit.record, commit.entry
            if record is not None and len(record.context) >= _CONTEXT:
                self._tell(commit.instance, "context", len(record.context), CONTEXT_BYTES_MAX)
            if entry is not None and len(entry.payload) + len(entry.steps) >= _ENTRY:
                self._tell(commit.instance, "journal entry", len(entry.payload) + len(entry.steps), ENTRY_BYTES_MAX)
            for row in commit.accepted:
                if len(row.payload) >= _EVENT:
                    self._tell(row.instance, f"payload of {row.name}", len(row.payload), EVENT_BYTES_MAX)

    def _tell(self, instance: str, what: str, size: int, most: int) -> None:
        if (instance, what) in self._told:
            return
        if len(self._told) >= TOLD_MAX:
            self._told.clear()
        self._told.add((instance, what))
        logger.warning(
            "%r: its %s has %s bytes, %d %% of the %s that it may have. Keep large data elsewhere, a reference here.",
            instance,
            what,
            f"{size:,}",
            size * 100 // most,
            f"{most:,}",
        )
