"""Where commits run best: measured, because a disk's fsync decides and it may change."""

from __future__ import annotations

from typing import Final

SHORT_SECONDS: Final = 0.0005
"""A commit may take this much of the loop's time; a hop to the thread and back costs 0.1 to 0.2 ms."""

TURN_SECONDS: Final = 0.00003
"""What a turn costs in its own statements. It is work for the interpreter, which no thread makes shorter."""

SAMPLE_SECONDS_MAX: Final = 0.002
"""One slow commit, a pause of the machine perhaps, must not decide alone."""

PROBE_EVERY: Final = 256
"""In the thread times are longer than they need be, so every so often one batch is tried on the loop."""


class Pace:
    """The running mean of what a commit costs beside its own statements.

    on the loop ── mean above SHORT_SECONDS ──► in the thread
         ▲                                          │
         └── mean below it, or a short probe ───────┘
    """

    def __init__(self, forced: bool | None) -> None:
        """`forced` decides once and for all; None measures."""
        self._forced = forced
        self._mean = 0.0
        self._in_thread = 0
        self._probing = False

    @property
    def forced(self) -> bool:
        """Whether everything has to run in the thread."""
        return self._forced is True

    def slow(self) -> bool:
        """Whether the next batch belongs in the thread."""
        if self._forced is not None:
            return self._forced
        if self._mean <= SHORT_SECONDS:
            return False
        self._in_thread += 1
        self._probing = self._in_thread % PROBE_EVERY == 0
        return not self._probing

    def took(self, seconds: float, turns: int) -> None:
        """Learn from a batch."""
        sample = min(max(seconds - TURN_SECONDS * turns, 0.0), SAMPLE_SECONDS_MAX)
        if self._probing:
            self._probing = False
            if sample <= SHORT_SECONDS:
                self._mean = sample
                return
        self._mean += (sample - self._mean) / 16
