"""The definitions of an orchestrator: the machines that it was given, and those that were made from documents.

A machine from a document is stored with the commit that begins an instance of it, so that its instances go on where
nobody has given it: then it is made again, with the functions of the registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fsm.chart.machine import Machine
from fsm.errors import DefinitionError, MachineUnknown, MissingExtra, ServiceError
from fsm.machine import StateMachine
from fsm.ports.store import Definition, Record, Store
from fsm.runtime.services import Services

MachineClass = type[Machine[Any, Any, Any]]


class Definitions:
    """Finds the class of a machine; those given come first, whatever version an instance has."""

    def __init__(
        self, store: Store, given: Mapping[str, MachineClass], services: Services, registry: Mapping[str, Any]
    ) -> None:
        self._store, self._given, self._services, self._registry = store, given, services, registry
        self._made: dict[tuple[str, str], MachineClass] = {}

    def __iter__(self) -> Iterator[MachineClass]:
        return iter([*self._given.values(), *self._made.values()])

    def admit(self, machine: MachineClass) -> None:
        """Let a machine be started here: one that was given, or any that was made from a document.

        Raises MachineUnknown, ServiceMissing, ServiceInvalid.
        """
        chart = machine.__chart__
        given = self._given.get(chart.name)
        if given is machine or self._made.get((chart.name, chart.version)) is machine:
            return
        if given is not None or not machine.__document__:
            raise MachineUnknown(
                f"{machine.__name__} is not among the machines of this orchestrator; add it to machines="
            )
        self._services.add(machine)
        self._made[chart.name, chart.version] = machine

    async def machine_of(self, record: Record) -> MachineClass:
        """The class of an instance. Raises MachineUnknown."""
        found = self._given.get(record.machine) or self._made.get((record.machine, record.version))
        if found is not None:
            return found
        stored = await self._store.definition(record.machine, record.version)
        if stored is None:
            raise MachineUnknown(
                f"{record.id!r} is a {record.machine}, which this orchestrator was not given; add it to machines="
            )
        try:
            machine = StateMachine.from_chart(stored.document, self._registry)
            self._services.add(machine)
        except (DefinitionError, MissingExtra, ServiceError) as problem:
            raise MachineUnknown(
                f"{record.id!r} is a {record.machine}, whose stored document cannot be used here: {problem}"
            ) from problem
        return self._made.setdefault((record.machine, record.version), machine)


def definitions_of(machines: Iterable[MachineClass], now: float) -> list[Definition]:
    """What is stored of machines when instances of them begin: the documents of those that have one."""
    charts = {m.__chart__: m.__document__ for m in machines if m.__document__}
    return [Definition(chart.name, chart.version, document, now) for chart, document in charts.items()]
