"""Warnings before a limit is met: what has grown to four fifths of it is told once, while there is time to act."""

from __future__ import annotations

from logging import Logger
from typing import Final

SHARE: Final = 0.8
"""The share of a limit from which on it is told."""

TOLD_MAX: Final = 10_000
"""Warnings remembered, so that each is given once for an instance; then they may come again."""

LARGE: Final = "Keep large data elsewhere, a reference here."
"""What to do about data."""


class Nearly:
    """Tells each thing of each instance once."""

    def __init__(self, logger: Logger) -> None:
        """Nothing was told yet."""
        self._logger = logger
        self._told: set[tuple[str, str]] = set()

    def tell(self, instance: str, what: str, size: int, most: int, *, unit: str = "bytes", advice: str = LARGE) -> None:
        """Warn where a size has come near its limit."""
        if size < int(most * SHARE) or (instance, what) in self._told:
            return
        if len(self._told) >= TOLD_MAX:
            self._told.clear()
        self._told.add((instance, what))
        self._logger.warning(
            "%r: its %s has %s %s, %d %% of the %s that it may have. %s",
            instance,
            what,
            f"{size:,}",
            unit,
            size * 100 // most,
            f"{most:,}",
            advice,
        )
