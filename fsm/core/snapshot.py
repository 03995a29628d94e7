"""A snapshot: all that one instance is between two turns, as a value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from typing import Any, Generic

from typing_extensions import TypeVar

from fsm.chart.chart import Chart
from fsm.chart.migration import number_of
from fsm.chart.state import Kind
from fsm.core.codec import Codec
from fsm.core.configuration import Configuration, Table
from fsm.core.undo import Deed, deeds_of
from fsm.errors import SnapshotCorrupted, SnapshotNewer
from fsm.limits import NODES_MAX

C = TypeVar("C", default=Any)


@dataclass(frozen=True, slots=True)
class PendingInvoke:
    """An invoke that was started and has not ended, with the private context that it works on."""

    id: str
    generation: int
    context: str
    event: str
    payload: str
    due: float | None = None
    child: str = ""
    """The snapshot of the child machine that it runs, as JSON."""
    items: str = ""
    """The list that it runs over, as JSON."""
    at: float = 0.0
    """When it was started, where that is known."""


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that waits: deferred, sent with a delay (under the name `id`), or the answer of a child machine."""

    event: str
    payload: str
    due: float | None = None
    id: str = ""
    to: str = ""
    generation: int = 0
    """Of an answer: the stay of the state that it is for."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[C]):
    """What an instance is between two turns; the active leaf states are in `configuration`.

    >>> from fsm import Final, State, StateMachine
    >>> class Lamp(StateMachine):
    ...     class Off(State, initial=True): ...
    >>> Lamp.rehearse().snapshot().configuration
    frozenset({'Off'})

    `to_json` and `from_json` keep it exactly.
    """

    chart: Chart = field(compare=False, repr=False)
    id: str
    seq: int
    status: str
    configuration: frozenset[str]
    context: C
    histories: dict[str, tuple[str, ...]]
    generation: int = 0
    timers: tuple[tuple[str, int, float], ...] = ()
    """(key, generation, due in seconds since the epoch)."""
    invokes: tuple[PendingInvoke, ...] = ()
    waiting: tuple[PendingEvent, ...] = ()
    locals: dict[str, Any] = field(default_factory=dict)
    """The data of active states, by id."""
    output: Any = None
    now: float = 0.0
    deeds: tuple[Deed, ...] = ()
    """What was done and can be undone, oldest first."""

    @property
    def machine(self) -> str:
        """The name of the machine."""
        return self.chart.name

    def to_json(self) -> str:
        """The snapshot as text."""
        codec = Codec(self.chart)
        return json.dumps(
            {
                "machine": self.chart.name,
                "version": self.chart.version,
                "digest": self.chart.digest,
                "id": self.id,
                "seq": self.seq,
                "status": self.status,
                "configuration": sorted(self.configuration),
                "context": json.loads(codec.encode_context(self.context)),  # type: ignore[arg-type]
                "histories": self.histories,
                "generation": self.generation,
                "timers": self.timers,
                "invokes": [astuple(i) for i in self.invokes],
                "waiting": [astuple(w) for w in self.waiting],
                "locals": self.locals,
                "output": json.loads(codec.encode_output(self.output)),
                "now": self.now,
                "deeds": [astuple(d) for d in self.deeds],
            }
        )

    @staticmethod
    def from_json(chart: Chart, text: str | bytes) -> Snapshot[Any]:
        """The snapshot from text. Raises SnapshotCorrupted, SnapshotNewer."""
        codec = Codec(chart)
        try:
            data = json.loads(text)
            check_identity(chart, data["machine"], data["version"])
            return Snapshot(
                chart=chart,
                id=data["id"],
                seq=data["seq"],
                status=data["status"],
                configuration=frozenset(data["configuration"]),
                context=codec.decode_context(json.dumps(data["context"])),
                histories={h: tuple(past) for h, past in data["histories"].items()},
                generation=data["generation"],
                timers=tuple((k, g, due) for k, g, due in data["timers"]),
                invokes=tuple(PendingInvoke(*fields) for fields in data["invokes"]),
                waiting=tuple(PendingEvent(*fields) for fields in data["waiting"]),
                locals=data.get("locals", {}),
                output=None if data["output"] is None else codec.decode_output(json.dumps(data["output"])),
                now=data["now"],
                deeds=deeds_of(data.get("deeds", [])),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise corrupted(chart, f"cannot be read ({type(problem).__name__}: {problem})") from problem


def check_identity(chart: Chart, machine: str, version: str) -> None:
    """Refuse a snapshot of another machine or of a newer version of this one."""
    if machine != chart.name:
        raise corrupted(chart, f"belongs to machine {machine!r}")
    if number_of(version) > number_of(chart.version):
        raise SnapshotNewer(
            f"{chart.name}: the snapshot was written by version {version}, this class is version {chart.version}."
            f" Run it with the newer code."
        )


def corrupted(chart: Chart, text: str) -> SnapshotCorrupted:
    """The error for a snapshot that cannot be used."""
    return SnapshotCorrupted(f"{chart.name}: the snapshot {text}. Nothing was run; restore it from a backup.")


def configuration_of(table: Table, leaves: frozenset[str]) -> Configuration:
    """The configuration with these leaves. Raises SnapshotCorrupted when it is not a legal one."""
    chart, states = table.chart, {0}
    for leaf in leaves:
        number = chart.index.get(leaf)
        if not number or chart.nodes[number].children or chart.nodes[number].kind in (Kind.HISTORY, Kind.CHOICE):
            raise corrupted(chart, f"names the state {leaf!r}, which this class does not have as a leaf")
        states |= {number, *chart.ancestors(number)}
    found = tuple(sorted(states))
    wrong = illegal(chart, found)
    if wrong:
        raise corrupted(chart, f"has the configuration {sorted(leaves)}, where {wrong}")
    return table.configuration(found)


def placed(table: Table, written: str) -> Configuration:
    """The configuration that a row names by a JSON list of its leaves.

    Raises SnapshotCorrupted, and ValueError or TypeError where it is no such list.
    """
    found = table.written.get(written)
    if found is None:
        found = configuration_of(table, frozenset(json.loads(written)))
        if len(table.written) < NODES_MAX:
            table.written[written] = found
    return found


def check_owned(here: Configuration, timers: Iterable[str], invokes: Iterable[str]) -> None:
    """Refuse timers and invokes that no active state owns. Raises SnapshotCorrupted."""
    table, chart = here.table, here.table.chart
    keys = {t.trigger.key for s in here.states for t in table.timers_of.get(s, ())}
    ids = {chart.invokes[i].id for s in here.states for i in chart.nodes[s].invokes}
    for what, given, owned in (("timer", timers, keys), ("invoke", invokes, ids)):
        for name in given:
            if name not in owned:
                raise corrupted(chart, f"has the {what} {name!r}, which no state in {sorted(here.ids)} owns")


def illegal(chart: Chart, states: tuple[int, ...]) -> str:
    """What is wrong with a set of active states; empty for a legal configuration."""
    for state in states:
        node = chart.nodes[state]
        active = [c for c in node.children if c in states]
        if node.kind is Kind.COMPOUND and len(active) != 1:
            return f"{node.id or chart.name} has {len(active)} active children instead of one"
        if node.kind is Kind.PARALLEL and len(active) != len(node.children):
            return f"{node.id} has {len(active)} active regions instead of {len(node.children)}"
    return ""


def histories_of(table: Table, named: dict[str, tuple[str, ...]]) -> dict[int, tuple[int, ...]]:
    """Recorded histories by number. Raises SnapshotCorrupted for a state that does not exist."""
    index, nodes = table.chart.index, table.chart.nodes
    try:
        for history in named:
            if nodes[index[history]].kind is not Kind.HISTORY:
                raise corrupted(table.chart, f"remembers where {history!r} led, which is no history of this class")
        return {index[h]: tuple(index[s] for s in past) for h, past in named.items()}
    except KeyError as missing:
        raise corrupted(table.chart, f"remembers the state {missing}, which this class does not have") from missing


def named_histories(table: Table, histories: dict[int, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
    """Recorded histories by id."""
    nodes = table.chart.nodes
    return {nodes[h].id: table.chart.ids(past) for h, past in sorted(histories.items())}
