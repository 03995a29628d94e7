"""An attempt of a service call, as the row that is kept of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Attempt:
    """One attempt of a service call that is made under a policy, from its planning on."""

    instance: str
    cause: str
    method: str
    digest: str
    k: int
    """Cause, method, digest of the arguments and number among equal calls, as in the `CallRow` of the call."""
    n: int
    """Which attempt of the call, from 1."""
    called: str
    """The method that is asked: that of the call, or a fallback."""
    parameters: str
    """JSON object of the arguments."""
    reason: str = ""
    """Why there is more than the first one: the kind of the failure before, and what was changed."""
    due: float = 0.0
    """When it may begin."""
    started: float | None = None
    ended: float | None = None
    outcome: str = ""
    """JSON as in `CallRow.answer`; empty while it is not known."""
    late: str = ""
    """What was answered after the attempt had been given up: kept, never used."""
    runs: int = 0
    """How often it was begun: more than once when it was cut short."""
    final: int = 0
    """1 where no attempt follows: the outcome is that of the call."""
    worker: str = ""

    @property
    def call(self) -> tuple[str, str, str, int]:
        """The call that it is an attempt of.

        >>> Attempt("A-1", "start", "bank.charge", "0f", 0, 2, "spare.charge", "{}").call
        ('start', 'bank.charge', '0f', 0)
        """
        return self.cause, self.method, self.digest, self.k
