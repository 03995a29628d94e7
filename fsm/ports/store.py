"""The store: what the runtime needs of a database, and the rows that cross the border.

One `Commit` is one turn of one instance; a batch of them shares one transaction, and each stands alone in it:
one that loses its compare-and-set is refused by itself. Times are seconds since the epoch, payloads are JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Protocol

from fsm.limits import INBOX_MAX
from fsm.ports.attempt import Attempt
from fsm.ports.retaining import Retaining
from fsm.ports.schedule import Firing, Scheduling
from fsm.ports.sharing import Sharing
from fsm.ports.task import Task


class Status(StrEnum):
    """Where an instance stands."""

    RUNNING = "running"
    PAUSED = "paused"
    PARKED = "parked"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether no further turn is possible."""
        return self in (Status.DONE, Status.FAILED, Status.CANCELLED)


class Verdict(Enum):
    """What became of one commit of a batch."""

    COMMITTED = "committed"
    LOST = "lost"
    """The instance has moved since it was read (or exists already): nothing of this commit was written."""
    DUPLICATE = "duplicate"
    """An accepted event carries a key that is taken: nothing of this commit was written."""
    FULL = "full"
    """Too many events wait already for an instance that it sends one: nothing of this commit was written."""


@dataclass(slots=True)
class Record:
    """The row of an instance: its whole snapshot."""

    id: str
    machine: str
    version: str
    digest: str
    status: str
    seq: int
    config: str
    """JSON list of the active leaf ids."""
    moving: str
    """JSON object of the small moving parts: recorded histories, generation counter."""
    context: bytes
    fence: int = 0
    origin: str = ""
    """Digest of the data the instance was started with: the same start again is not an error."""
    parent: str = ""
    output: str | None = None
    created: float = 0.0
    closed: float | None = None
    base: str = ""
    """The instance that it was forked from."""


@dataclass(slots=True)
class Entry:
    """One line of the journal: a turn."""

    instance: str
    seq: int
    cause: str
    """What the turn was about, e.g. "start", "event:<ref>", "timer:<key>#<generation>", "invoke:<id>#<generation>"."""
    event: str
    """Wire name of the event."""
    payload: str
    steps: str
    """JSON list of microsteps: {"event", "transitions", "exited", "entered"}."""
    config: str
    at: float
    took: float
    past: str = ""
    """What the instance was after the turn, as fsm.core.past keeps it; empty where that is not recorded."""
    notes: str = ""
    """JSON: {"guards": [[event, transition, answer], ...], "causes": {invoke: cause}}, each where there are any."""


@dataclass(slots=True)
class Accepted:
    """One row of the inbox: an event that waits for, or was taken by, its instance."""

    instance: str
    ref: str
    """Unique and stable: the cause id of the turn that takes the event."""
    name: str
    payload: str
    key: str | None = None
    """The sender's key: the same key again is the same event."""
    lane: str = "event"
    """event, result (of an invoke) or control (retry, cancel, pause, resume)."""
    state: str = "waiting"
    """waiting, deferred, consumed or refused."""
    outcome: str | None = None
    """JSON: {"seq": n} of the turn that consumed it, or {"error", "message"} of a refusal."""
    not_before: float = 0.0
    at: float = 0.0
    n: int = 0
    """Order of acceptance, given by the store."""


@dataclass(slots=True)
class Timer:
    """A durable timer, set by the entry of a state."""

    instance: str
    key: str
    generation: int
    due: float


@dataclass(slots=True)
class Effect:
    """An invoke that was started and has not ended."""

    instance: str
    key: str
    generation: int
    context: bytes
    cause: str
    """JSON of the event that caused it: {"event", "payload", "at"}."""
    attempt: int = 1
    progress: str | None = None
    """JSON of what it told last: {"value", "text", "at"}; some time ago perhaps."""


@dataclass(slots=True)
class CallRow:
    """One service call that ended, or one reading of the time inside an invoke."""

    instance: str
    cause: str
    method: str
    digest: str
    """Digest of the arguments; in front of it the number of the item whose work made the call, if any: `3/…`."""
    k: int
    """Which of several equal calls of the same cause, from 0."""
    answer: str
    """JSON: {"ok": value} or {"error": {kind, message, data}}."""
    arguments: str = "null"
    at: float = 0.0
    took: float = 0.0
    attempt: int = 1


@dataclass(slots=True)
class Incident:
    """Why an instance is parked."""

    instance: str
    kind: str
    message: str
    cause: str
    event: str
    seq: int
    at: float
    id: int = 0
    resolved: float | None = None
    resolution: str | None = None


@dataclass(slots=True)
class Definition:
    """The document of a machine that was made from data: its instances go on where its code is not known."""

    machine: str
    version: str
    document: str
    at: float = 0.0


@dataclass(slots=True)
class Attribute:
    """A value that an instance is found by; None takes the row away."""

    instance: str
    name: str
    value: str | None


@dataclass(slots=True)
class Commit:
    """Everything that one turn changes; all of it or nothing.

    `seq` is the sequence number that was read (compare-and-set together with `fence`), None where the instance may
    have moved on meanwhile: then `fence` alone says whether the writer still has the instance, and None that it need
    not have it. `create` inserts the record and is LOST when the id exists.
    """

    instance: str
    seq: int | None = None
    fence: int | None = None
    record: Record | None = None
    create: bool = False
    entry: Entry | None = None
    accepted: Sequence[Accepted] = ()
    """New inbox rows, of any instance; a duplicate (instance, key) makes the whole commit DUPLICATE."""
    settled: Sequence[Accepted] = ()
    """Inbox rows, matched by ref, whose state and outcome change as far as they are open. One that is to be consumed
    and is not open any more makes the whole commit LOST."""
    inbox_max: int | None = INBOX_MAX
    """How many events may then wait for an instance to which it sends one, deferred ones included: with more the whole
    commit is FULL, unless that instance has ended. Answers, starts and controls always get in; None is for what its
    keeper has taken already."""
    amended: Sequence[Accepted] = ()
    """Inbox rows, matched by ref, whose payload changes as far as they are open."""
    timers_set: Sequence[Timer] = ()
    timers_cleared: Sequence[tuple[str, int]] = ()
    """(key, generation) of this instance."""
    effects_set: Sequence[Effect] = ()
    effects_cleared: Sequence[tuple[str, int]] = ()
    progress: Sequence[Effect] = ()
    """Effects of which the progress alone is written, where they are open."""
    calls: Sequence[CallRow] = ()
    attempts: Sequence[Attempt] = ()
    """Attempts of calls, each in place of what was written of it before, unless that tells of a later run."""
    forgiven: Sequence[str] = ()
    """Causes whose recorded failures are forgotten, so that a retry makes those calls again; not those of calls that
    are made at most once, `{"once"...`, unless `repeated`."""
    repeated: bool = False
    started: Sequence[Record] = ()
    """Other instances begun by this turn, each with its start event among `accepted`; an existing id is left alone."""
    incident: Incident | None = None
    resolve: str | None = None
    """Close the open incidents of the instance with this resolution."""
    definitions: Sequence[Definition] = ()
    """The documents of the machines of which it begins instances; the newest of a name and version stands."""
    statements: Sequence[Any] = ()
    """Statements on tables of the user, run in order behind the compare-and-set by a store that `executes`; one that
    fails raises StatementFailed, and nothing of the batch is written."""
    attributes: Sequence[Attribute] = ()
    """What the instance is found by, as far as it changes."""
    attributes_anew: bool = False
    """Whether they take the place of all that it was found by before."""
    expel: bool = False
    """Whether the worker that runs the instance is told to read it again: somebody else has ended it."""
    firing: Firing | None = None
    """The schedule that it fires."""
    tasks: Sequence[Task] = ()
    """Human tasks: opened with revision 0, else in place of the revision before. One that has another revision by now,
    or is closed, makes the whole commit LOST."""
    withdrawn: Sequence[tuple[str, int]] = ()
    """(name, generation) of human tasks of this instance that end without effect, completed ones included; with
    `CALLS` for the name all that stand for calls of this stay, as far as nobody has completed them."""
    worker: str = ""
    """The worker that writes it: what it creates is claimed by it, and what it puts into the inbox of an instance of
    its own needs no poke."""

    @property
    def read(self) -> bool:
        """Whether it rests on what was read of its instance; what was not is never LOST because of what was."""
        return self.create or (self.seq, self.fence) != (None, None)


@dataclass(slots=True)
class Loaded:
    """All that a cold instance needs to go on."""

    record: Record
    inbox: list[Accepted] = field(default_factory=list)
    """Waiting and deferred rows whose time has come or will come, in order of acceptance."""
    timers: list[Timer] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    incident: Incident | None = None
    called: bool = True
    """Whether any call of the instance was recorded; True where the store did not look."""


class Store(Sharing, Scheduling, Retaining, Protocol):
    """Where snapshots, journal, inbox, timers and effects live. Every method is one transaction.

    Guarantees: a commit that returned COMMITTED survives what the store promises to survive; one that did not,
    left no trace. Raises the StoreError that says what is wrong; then nothing was written.
    """

    async def open(self, *, owner: bool) -> None:
        """Open the store and its schema; `owner=True` where instances are run, which writes much."""
        ...

    async def close(self) -> None:
        """Give everything back. May be called twice."""
        ...

    async def commit(self, batch: Sequence[Commit]) -> list[Verdict]:
        """Write several turns in one transaction; a verdict for each. After a LOST, later commits of the same
        instance in the batch that `read` it are LOST too."""
        ...

    async def load(self, instance: str) -> Loaded | None:
        """One instance with all that waits for it, or None."""
        ...

    async def load_many(self, instances: Sequence[str]) -> list[Loaded]:
        """The same for many, in order of id; ids that are unknown are left out."""
        ...

    async def due(self, worker: str, now: float, limit: int = 1000) -> list[Timer]:
        """Timers of the running instances of a worker whose time has come, earliest first."""
        ...

    async def next_due(self, worker: str) -> float | None:
        """When the earliest timer or delayed inbox row of a running instance of a worker comes due."""
        ...

    async def delayed_due(self, worker: str, since: float, now: float) -> list[str]:
        """Ids of the instances of a worker with waiting rows whose not_before lies in (since, now]."""
        ...

    async def calls(self, instance: str, cause: str) -> list[CallRow]:
        """The recorded calls of one cause."""
        ...

    async def attempts(self, instance: str, cause: str | None = None) -> list[Attempt]:
        """The attempts of one cause, or of all; those of one call in their order."""
        ...

    async def tasks(
        self,
        *,
        id: str | None = None,
        instance: str | None = None,
        machine: str | None = None,
        assignee: str | None = None,
        claimed_by: str | None = None,
        statuses: Sequence[str] = (),
        limit: int = 1000,
    ) -> list[Task]:
        """Human tasks, those that were opened first before others."""
        ...

    async def find_key(self, instance: str, key: str) -> Accepted | None:
        """The inbox row of a sender's key, consumed ones included."""
        ...

    async def accepted(self, instance: str, ref: str) -> Accepted | None:
        """The inbox row of an event, consumed ones included."""
        ...

    async def definition(self, machine: str, version: str) -> Definition | None:
        """The document of a machine that was made from data, or None."""
        ...

    async def find(
        self,
        *,
        machine: str | None = None,
        statuses: Sequence[str] = (),
        states: Sequence[str] = (),
        attributes: Sequence[tuple[str, str]] = (),
        ids: Sequence[str] = (),
        breached: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> list[Record]:
        """Records in order of id; `states` matches any of the given ids, active themselves or as ancestors,
        `attributes` all of the names and values, `ids` any; `breached` only those in whose journal a deadline was
        breached."""
        ...

    async def history(self, instance: str, after: int = -1, limit: int = 10_000) -> list[Entry]:
        """The journal of one instance, oldest first."""
        ...

    async def calls_of(self, instance: str) -> list[CallRow]:
        """Every recorded call of one instance, in the order in which they were recorded."""
        ...

    async def incidents(self, *, resolved: bool = False, instance: str | None = None) -> list[Incident]:
        """Open incidents, oldest first; with `resolved=True` the closed ones too."""
        ...


class PromptStore(Store, Protocol):
    """A store that can often write without waiting: then nobody has to wait for the event loop either.

    It is known by its class: a wrapper that hands on what it does not know is not taken for one.
    """

    def commit_now(self, batch: Sequence[Commit]) -> list[Verdict] | None:
        """`commit` on the caller's thread, at once; None, and nothing written, where that would mean to wait."""
        ...
