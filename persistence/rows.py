"""The tables of a store, as SQLModel classes with a registry of their own.

A registry of their own keeps `instance`, `call` and the rest out of the metadata of the user's tables. Columns that
change at every transition carry no index; what waits in the inbox is found by partial indices, so that the consumed
rows, by far the most, cost the queries nothing.
"""

from sqlalchemy import Index, MetaData, Table, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

OPEN = text("state IN ('waiting', 'deferred')")
"""Inbox rows that somebody still has to take. A query uses the partial index only with these very words."""

DELAYED = text("state = 'waiting' AND not_before > 0.0")
"""Inbox rows that wait for their time."""


class Row(SQLModel, registry=registry()):
    """What all tables share: one registry."""


class Meta(Row, table=True):
    """What is said about the database itself, such as the version of its schema."""

    name: str = Field(primary_key=True)
    value: str


class Instance(Row, table=True):
    """The snapshot of an instance; the context stands last, because it is large."""

    __table_args__ = (Index("instance_machine", "machine", "id"),)

    id: str = Field(primary_key=True)
    machine: str
    version: str
    digest: str
    status: str
    seq: int
    config: str
    moving: str
    fence: int
    origin: str
    parent: str
    output: str | None
    created: float
    closed: float | None
    context: bytes


class Transition(Row, table=True):
    """The journal: one row a turn, only ever added to."""

    instance: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    cause: str
    event: str
    payload: str
    steps: str
    config: str
    at: float
    took: float


class Inbox(Row, table=True):
    """Accepted events, in the order of acceptance; a number is never given twice."""

    __table_args__ = (
        UniqueConstraint("ref"),
        Index("inbox_key", "instance", "key", unique=True, sqlite_where=text("key IS NOT NULL")),
        Index("inbox_open", "instance", "n", sqlite_where=OPEN),
        Index("inbox_delayed", "not_before", sqlite_where=DELAYED),
        {"sqlite_autoincrement": True},
    )

    n: int | None = Field(default=None, primary_key=True)
    instance: str
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

    __table_args__ = (Index("timer_due", "due"), {"sqlite_with_rowid": False})

    instance: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    generation: int = Field(primary_key=True)
    due: float


class Effect(Row, table=True):
    """Invokes that were started and have not ended."""

    instance: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    generation: int = Field(primary_key=True)
    context: bytes
    cause: str
    attempt: int


class Call(Row, table=True):
    """Answers of services; `n` keeps the order in which they were recorded."""

    __table_args__ = (UniqueConstraint("instance", "cause", "method", "digest", "k"),)

    n: int | None = Field(default=None, primary_key=True)
    instance: str
    cause: str
    method: str
    digest: str
    k: int
    answer: str
    arguments: str
    at: float
    took: float
    attempt: int


class Incident(Row, table=True):
    """Why instances are, or were, parked."""

    __table_args__ = (
        Index("incident_instance", "instance"),
        Index("incident_open", "id", sqlite_where=text("resolved IS NULL")),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    instance: str
    kind: str
    message: str
    cause: str
    event: str
    seq: int
    at: float
    resolved: float | None
    resolution: str | None


def metadata() -> MetaData:
    """All tables of the schema."""
    return Row.metadata


def table(row: type[Row]) -> Table:
    """The Core table of a row class."""
    return Row.metadata.tables[row.__name__.lower()]
