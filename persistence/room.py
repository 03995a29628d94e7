"""Room: whether one more event may wait for an instance, judged in the transaction that would add it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fsm.ports.store import Commit


class Room:
    """What is known of the inboxes to which the commits of one batch send; one question for each as a rule."""

    def __init__(
        self,
        count: Callable[[str, int], int],
        ended: Callable[[str], bool],
        at_most: Callable[[str], int | None] = lambda instance: None,
    ) -> None:
        """Asks the store: how many rows of an instance are open, up to a number; whether it has ended; and how many can
        be open by what was counted before, if anything was."""
        self._count, self._ended, self._at_most = count, ended, at_most
        self._open: dict[str, int] = {}

    def admits(self, commit: Commit) -> bool:
        """Whether there is room for everything that a commit sends."""
        return all(self._holds(commit, instance, more) for instance, more in _sent(commit).items())

    def _holds(self, commit: Commit, instance: str, more: int) -> bool:
        most = commit.inbox_max or 0
        if commit.settled:
            most += sum(row.instance == instance and row.state == "consumed" for row in commit.settled)
        if instance not in self._open and (bound := self._at_most(instance)) is not None:
            self._open[instance] = bound
        if self._open.get(instance, most) + more <= most:
            return True
        self._open[instance] = self._count(instance, most + 1)  # again: others of the batch may have made room
        return self._open[instance] + more <= most or self._ended(instance)

    def note(self, commit: Commit) -> None:
        """A commit stands, with all that it puts into inboxes."""
        for row in commit.accepted if self._open else ():
            if row.instance in self._open:
                self._open[row.instance] += 1


def bounds(batch: Sequence[Commit]) -> dict[str, int]:
    """The instances to which a batch sends, each with how many events may then wait for it."""
    found: dict[str, int] = {}
    for commit in batch:
        for instance in _sent(commit) if commit.accepted else ():
            most = commit.inbox_max or 0
            found[instance] = min(most, found.get(instance, most))
    return found


def _sent(commit: Commit) -> dict[str, int]:
    """How many events a commit sends to which instance, as far as their number is bounded."""
    found: dict[str, int] = {}
    for row in commit.accepted if commit.inbox_max is not None else ():
        if row.state == "waiting" and row.lane == "event":
            found[row.instance] = found.get(row.instance, 0) + 1
    return found
