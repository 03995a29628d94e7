"""A view of a machine in memory: all that tests and people look at between its turns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Generic, cast

from fsm.chart.machine import C, E, Machine, O
from fsm.core.moving import Sent, Spawned
from fsm.core.step import Microstep
from fsm.ports.task import Task
from fsm.testing.family import Family
from fsm.testing.session import Session


class View(Generic[C, E, O]):
    """What can be seen of a rehearsal."""

    _family: Family
    _session: Session

    @property
    def machine(self) -> type[Machine[C, E, O]]:
        """The class that is rehearsed."""
        return self._session.machine

    @property
    def id(self) -> str:
        """The id that handlers see as `self.id`."""
        return self._session.live.id

    @property
    def status(self) -> str:
        """Whether it is running, done or cancelled."""
        return self._session.status

    @property
    def configuration(self) -> frozenset[str]:
        """Ids of the active leaf states."""
        return self._session.live.at.ids

    @property
    def active(self) -> frozenset[str]:
        """Ids of all active states."""
        return self._session.live.at.active

    @property
    def ctx(self) -> C:
        """The context; what a test changes here, the machine sees."""
        self._session.shown = True
        return cast(C, self._session.handle.ctx)

    @property
    def done(self) -> bool:
        """Whether a final state at the top level was reached."""
        return self._session.live.finished

    @property
    def output(self) -> O:
        """The output of the final state; None before."""
        return cast(O, self._session.live.output)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return datetime.fromtimestamp(self._family.now, UTC)

    @property
    def trace(self) -> list[Microstep]:
        """The microsteps so far, oldest first, bounded."""
        return [Microstep(key, plan) for key, plan, _ in self._session.trace]

    @property
    def pending(self) -> tuple[str, ...]:
        """Ids of the invokes that wait for an answer."""
        return tuple(self._session.agenda.invokes)

    @property
    def tasks(self) -> list[Task]:
        """The human tasks that are open, as they were opened; those of its children are theirs."""
        return self._session.bench.tasks(self._session.agenda.invokes)

    @property
    def sent(self) -> list[Sent]:
        """Events sent to other instances, but for its own children."""
        return self._session.sent

    @property
    def spawned(self) -> list[Spawned]:
        """Instances that the machine started."""
        return self._session.spawned

    @property
    def executed(self) -> list[object]:
        """Statements that the machine would have run on your own tables."""
        return self._session.executed
