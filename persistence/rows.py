"""The tables of a store, as SQLModel classes with a registry of their own.

A registry of their own keeps `instance`, `call` and the rest out of the metadata of the user's tables. Columns that
change at every transition carry no index; what waits in the inbox is found by partial indices, so that the consumed
rows, by far the most, cost the queries nothing.
"""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Integer, MetaData, String, Table, TextClause, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

# PostgreSQL sorts by the language of the place unless told otherwise, and its INTEGER ends at 2**31.
_ID = String().with_variant(String(collation="C"), "postgresql")
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def _id(*, key: bool = False) -> Any:
    return Field(primary_key=key, sa_type=_ID)  # type: ignore[call-overload,unused-ignore]


def _number(*, key: bool = False, given: bool = False) -> Any:
    """`given` by the database, in the order of insertion."""
    extra = {"default": None} if given else {}
    return Field(primary_key=key or given, sa_type=_NUMBER, **extra)  # type: ignore[call-overload]


OPEN = text("state IN ('waiting', 'deferred')")
"""Inbox rows that somebody still has to take. A query uses the partial index only with these very words."""

DELAYED = text("state = 'waiting' AND not_before > 0.0")
"""Inbox rows that wait for their time."""

KEYED = text("key IS NOT NULL")
"""Inbox rows whose sender gave them a key."""

UNRESOLVED = text("resolved IS NULL")
"""Incidents that are open."""

FORKED = text("base <> ''")
"""Instances that were forked from others."""

BREACHED = text("substr(event, 1, 7) = 'breach:'")
"""Journal entries that say that a deadline was breached."""

FOR_CALLS = text("substr(name, 1, 5) = 'call:'")
"""Human tasks that stand for service calls."""

UNDONE = text("status IN ('open', 'claimed')")
"""Human tasks that somebody may still complete."""

FREE = text("worker IS NULL")
"""Ready instances that nobody has claimed."""

CLAIMED = text("worker IS NOT NULL")
"""Ready instances that a worker has claimed."""

POKED = text("poked = 1")
"""Ready instances into whose inbox somebody else has put something."""

DEADLY = text("deaths > 0")
"""Ready instances whose next turn may have killed workers."""


def _special(**words: Any) -> dict[str, Any]:
    """What one database says by itself, kept for `metadata`: SQLAlchemy loads all its dialects to check it."""
    return {"info": words}


def _only(where: TextClause) -> dict[str, Any]:
    """A partial index."""
    return _special(sqlite_where=where, postgresql_where=where)


class Row(SQLModel, registry=registry()):
    """What all tables share: one registry, and no validators, for rows are read and written by statements alone."""

    model_config = {"defer_build": True}


class Meta(Row, table=True):
    """What is said about the database itself, such as the version of its schema."""

    name: str = Field(primary_key=True)
    value: str


class Instance(Row, table=True):
    """The snapshot of an instance; the context stands behind what is asked for more often, because it is large."""

    __table_args__ = (
        Index("instance_machine", "machine", "id"),
        Index("instance_base", "base", **_only(FORKED)),
        _special(postgresql_with={"fillfactor": 70}),
    )

    id: str = _id(key=True)
    machine: str
    version: str
    digest: str
    status: str
    seq: int = _number()
    config: str
    moving: str
    fence: int = _number()
    origin: str
    parent: str
    output: str | None
    created: float
    closed: float | None
    context: bytes
    base: str


class Transition(Row, table=True):
    """The journal: one row a turn, only ever added to."""

    __table_args__ = (Index("transition_breach", "instance", **_only(BREACHED)),)

    instance: str = _id(key=True)
    seq: int = _number(key=True)
    cause: str
    event: str
    payload: str
    steps: str
    config: str
    at: float
    took: float
    past: str
    notes: str


class Inbox(Row, table=True):
    """Accepted events, in the order of acceptance; a number is never given twice."""

    __table_args__ = (
        UniqueConstraint("ref"),
        Index("inbox_key", "instance", "key", unique=True, **_only(KEYED)),
        Index("inbox_open", "instance", "n", **_only(OPEN)),
        Index("inbox_delayed", "not_before", **_only(DELAYED)),
        _special(sqlite_autoincrement=True),
    )

    n: int | None = _number(given=True)
    instance: str = _id()
    ref: str
    name: str
    payload: str
    key: str | None
    lane: str
    state: str
    outcome: str | None
    not_before: float
    at: float


class Timer(Row, table=True):
    """Timers that run."""

    __table_args__ = (Index("timer_due", "due"), _special(sqlite_with_rowid=False))

    instance: str = _id(key=True)
    key: str = Field(primary_key=True)
    generation: int = _number(key=True)
    due: float


class Effect(Row, table=True):
    """Invokes that were started and have not ended."""

    instance: str = _id(key=True)
    key: str = Field(primary_key=True)
    generation: int = _number(key=True)
    context: bytes
    cause: str
    attempt: int
    progress: str | None


class Call(Row, table=True):
    """Answers of services; `n` keeps the order in which they were recorded."""

    __table_args__ = (UniqueConstraint("instance", "cause", "method", "digest", "k"),)

    n: int | None = _number(given=True)
    instance: str = _id()
    cause: str
    method: str
    digest: str
    k: int
    answer: str
    arguments: str
    at: float
    took: float
    attempt: int


class Attempt(Row, table=True):
    """Attempts of calls that are made under a policy."""

    instance: str = _id(key=True)
    cause: str = Field(primary_key=True)
    method: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    k: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    called: str
    parameters: str
    reason: str
    due: float
    started: float | None
    ended: float | None
    outcome: str
    late: str
    runs: int
    final: int
    worker: str


class Incident(Row, table=True):
    """Why instances are, or were, parked."""

    __table_args__ = (
        Index("incident_instance", "instance"),
        Index("incident_open", "id", **_only(UNRESOLVED)),
        _special(sqlite_autoincrement=True),
    )

    id: int | None = _number(given=True)
    instance: str = _id()
    kind: str
    message: str
    cause: str
    event: str
    seq: int = _number()
    at: float
    resolved: float | None
    resolution: str | None


class HumanTask(Row, table=True):
    """Work that waits for people, or did."""

    __tablename__: ClassVar[Any] = "human_task"
    __table_args__ = (Index("human_task_instance", "instance"), Index("human_task_open", "opened", **_only(UNDONE)))

    id: str = _id(key=True)
    instance: str = _id()
    machine: str
    name: str
    generation: int = _number()
    state: str
    form: str
    text: str
    assignee: str
    opened: float
    due: float | None
    escalation: int = _number()
    status: str
    claimed_by: str
    closed: float | None
    by: str
    outcome: str
    acts: str
    revision: int = _number()


class Definition(Row, table=True):
    """The documents of machines that were made from data."""

    machine: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    document: str
    at: float


class Attribute(Row, table=True):
    """What instances are found by."""

    __table_args__ = (Index("attribute_value", "name", "value", "instance"), _special(sqlite_with_rowid=False))

    instance: str = _id(key=True)
    name: str = Field(primary_key=True)
    value: str


class Schedule(Row, table=True):
    """Where each schedule stands."""

    name: str = _id(key=True)
    rhythm: str
    does: str
    next: float
    last: float | None
    said: str
    paused: int


class Worker(Row, table=True):
    """Whoever runs instances: one row each, whatever the number of instances."""

    id: str = Field(primary_key=True)
    beat: float
    lease: float


class Ready(Row, table=True):
    """Instances that somebody has claimed, or should: with a worker, or with the time when they need one.

    While an instance is claimed its `due` says nothing; it is worked out when the claim is given back. `deaths` are
    those of workers that had it at the seq `died`; with `tried` its turn is being tried alone.
    """

    __table_args__ = (
        Index("ready_due", "due", **_only(FREE)),
        Index("ready_worker", "worker", **_only(CLAIMED)),
        Index("ready_poked", "instance", **_only(POKED)),
        Index("ready_deadly", "worker", **_only(DEADLY)),
        _special(postgresql_with={"fillfactor": 70}),
    )

    instance: str = _id(key=True)
    worker: str | None
    due: float
    poked: int
    deaths: int
    died: int = _number()
    tried: int


def metadata() -> MetaData:
    """All tables of the schema, with all that is needed to create them."""
    for made in Row.metadata.tables.values():
        made.dialect_kwargs.update(made.info)
        for index in made.indexes:
            index.dialect_kwargs.update(index.info)
    return Row.metadata


def table(row: type[Row]) -> Table:
    """The Core table of a row class."""
    return Row.metadata.tables[str(row.__tablename__)]
