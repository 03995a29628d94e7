"""Sizes: what is written to a store is watched, and told when it comes near its limit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from fsm.limits import CONTEXT_BYTES_MAX, ENTRY_BYTES_MAX, EVENT_BYTES_MAX
from fsm.nearly import SHARE, Nearly
from fsm.ports.store import Commit

logger = logging.getLogger("fsm.persistence")

_CONTEXT: Final = int(CONTEXT_BYTES_MAX * SHARE)
_EVENT: Final = int(EVENT_BYTES_MAX * SHARE)


class Sizes:
    """Watches what is written to one store."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._nearly = Nearly(logger)

    def watch(self, batch: Sequence[Commit]) -> None:
        """Warn of whatever is nearly too large."""
        tell = self._nearly.tell
        for commit in batch:
            record, entry = commit.record, commit.entry
            if record is not None and len(record.context) >= _CONTEXT:
                tell(commit.instance, "context", len(record.context), CONTEXT_BYTES_MAX)
            if entry is not None and len(entry.payload) + len(entry.steps) >= _EVENT:
                if not entry.cause.startswith("result:"):
                    tell(commit.instance, f"payload of {entry.event}", len(entry.payload), EVENT_BYTES_MAX)
                tell(commit.instance, "journal entry", len(entry.payload) + len(entry.steps), ENTRY_BYTES_MAX)
            for row in commit.accepted:
                if len(row.payload) >= _EVENT and row.lane == "event":
                    tell(row.instance, f"payload of {row.name}", len(row.payload), EVENT_BYTES_MAX)
