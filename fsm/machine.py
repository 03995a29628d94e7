"""StateMachine: the class that users extend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsm.chart.context import Context
from fsm.chart.machine import C, E, Machine, O

if TYPE_CHECKING:
    from fsm.core.calendar import Calendar
    from fsm.core.snapshot import Snapshot
    from fsm.testing.rehearsal import Rehearsal


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
    "defer"), `migrations=` (from older versions), `history=` ("full", or "steps": no looking back), `search=` (context
    fields that instances are found by). Raises DefinitionError when the class is made, with everything that is
    wrong and how to mend it.
    """

    @classmethod
    def rehearse(
        cls,
        data: C | None = None,
        *,
        services: Mapping[Any, Any] | None = None,
        snapshot: Snapshot[C] | str | bytes | None = None,
        id: str = "rehearsal",
        now: datetime | None = None,
        calendar: Calendar | None = None,
    ) -> Rehearsal[C, E, O]:
        """Run the machine in memory, synchronously, on a virtual clock; or go on from a snapshot exactly.

        The clock begins at `now`, by default in 2020. `calendar` says when the delays of deadlines and human tasks are
        over, as `Orchestrator(calendar=…)` does.

        Raises the errors of its first turn, SnapshotCorrupted, SnapshotNewer, ContextInvalid.
        """
        from fsm.testing.rehearsal import EPOCH, Rehearsal  # whoever only defines machines does not wait for it

        now = EPOCH if now is None else now
        return Rehearsal(cls, data, services=services, snapshot=snapshot, id=id, now=now, calendar=calendar)

    @classmethod
    def from_chart(
        cls, data: Mapping[str, Any] | str | Path, registry: Mapping[str, Any] | None = None
    ) -> type[StateMachine[Any, Any, Any]]:
        """A machine described by data: a dict, JSON or YAML text, or the path of a file.

        >>> lamp = {"name": "Lamp", "states": ["Off", "On"], "transitions": [["press", "Off", "On"]]}
        >>> Lamp = StateMachine.from_chart(lamp)
        >>> Lamp.rehearse().send("press").configuration
        frozenset({'On'})

        Guards, actions and invokes are expressions, or names of functions in the registry. docs/charts-as-data.md has
        every field. Raises DefinitionError with all that is wrong, each with its path and its fix; MissingExtra.
        """
        from fsm.interop.document import read_document

        return read_document(data, registry or {}, cls)

    @classmethod
    def to_chart(cls) -> dict[str, Any]:
        """The machine as data: the document that it was made from, else what its class says, with handlers as names.

        Raises DefinitionError with all that a document cannot say.
        """
        from fsm.interop.document import write_document

        return write_document(cls)

    @staticmethod
    def chart_schema() -> dict[str, Any]:
        """The JSON Schema of the data that `from_chart` takes."""
        from fsm.interop.document import document_schema

        return document_schema()

    @classmethod
    def from_transitions(
        cls,
        source: Any,
        *,
        model: Any = None,
        context: type[Context] = Context,
        name: str = "",
        version: str | int = "1",
        unhandled: str | None = None,
        **settings: Any,
    ) -> type[StateMachine[Any, Any, Any]]:
        """A durable machine made of one of `transitions`: a live one, or the settings that its constructor takes.

        >>> from fsm import StateMachine
        >>> Lamp = StateMachine.from_transitions(["off", "on"], transitions=[["press", "off", "on"]], initial="off")
        >>> Lamp.rehearse().send("press").configuration
        frozenset({'on'})

        Triggers are events by their names, with their keywords as payload; callbacks run in the order of transitions.
        Names of callbacks are looked up on `model` (an object or a class; by default the live machine's own), whose
        methods get a stand-in: the fields of `context` are its durable attributes. Other attributes of a model are not
        durable. Everything else is in docs/transitions.md. Raises DefinitionError with all that cannot be carried.
        """
        from fsm.interop.transitions import machine_from  # upwards, and only when asked: `import fsm` stays quick

        return machine_from(
            cls, source, model=model, context=context, name=name, version=version, unhandled=unhandled, **settings
        )

    @classmethod
    def to_transitions(
        cls,
        data: C | None = None,
        *,
        model: Any = "self",
        services: Mapping[Any, Any] | None = None,
        graph_engine: str = "",
    ) -> Any:
        """A machine of `transitions` in memory, whose triggers run this machine in a rehearsal.

        >>> from fsm import Event, Final, State, StateMachine, edge
        >>> class Press(Event): ...
        >>> class Door(StateMachine):
        ...     class Closed(State, initial=True): ...
        ...     class Open(Final): ...
        ...     push = edge(Press, Closed, to=Open)
        >>> door = Door.to_transitions()
        >>> door.may_Press(), door.Press(), door.state, door.is_Open()
        (True, True, 'Open', True)

        Triggers are wire names, their keywords the payload. `graph_engine` ("graphviz", "mermaid") makes it one of
        those that draw themselves. Raises the errors of the first turn.
        """
        from fsm.interop.transitions import machine_to

        return machine_to(cls, data, model=model, services=services, graph_engine=graph_engine)
