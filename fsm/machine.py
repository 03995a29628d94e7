"""StateMachine: the class that users extend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fsm.chart.machine import C, E, Machine, O
from fsm.core.snapshot import Snapshot
from fsm.testing.rehearsal import EPOCH, Rehearsal


class StateMachine(Machine[C, E, O], abstract=True):
    """A workflow: a statechart written as a class, `StateMachine[Context, Event | Event, Output]`.

    >>> from fsm import Event, Final, State, StateMachine, edge
    >>> class Press(Event): ...
    >>> class Door(StateMachine):
    ...     class Closed(State, initial=True): ...
    ...     class Open(Final): ...
    ...     push = edge(Press, Closed, to=Open)
    >>> Door.rehearse().send(Press()).configuration
    frozenset({'Open'})

    Class keywords: `name=` (stored identity, default the class name), `version=`, `unhandled=` ("raise", "ignore" or
    "defer"). Raises DefinitionError when the class is made, with everything that is wrong and how to mend it.
    """

    @classmethod
    def rehearse(
        cls,
        data: C | None = None,
        *,
        services: Mapping[Any, Any] | None = None,
        snapshot: Snapshot[C] | str | bytes | None = None,
        id: str = "rehearsal",
        now: datetime = EPOCH,
    ) -> Rehearsal[C, E, O]:
        """Run the machine in memory, synchronously, on a virtual clock; or go on from a snapshot exactly.

        Raises the errors of its first turn, SnapshotCorrupted, SnapshotNewer, ContextInvalid.
        """
        return Rehearsal(cls, data, services=services, snapshot=snapshot, id=id, now=now)
