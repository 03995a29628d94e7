"""When an incident counts as resolved, in every store alike."""

import time

from fsm.ports.store import Commit


def resolved_at(commit: Commit) -> float:
    """The time of the turn that resolves it, or now where the commit is no turn."""
    return commit.entry.at if commit.entry is not None else time.time()
