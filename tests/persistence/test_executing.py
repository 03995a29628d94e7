"""Statements of users are run with the turn that they belong to: once, in order, or not at all."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    select,
    text,
    update,
)

from fsm import Context, Event, Orchestrator, State, StateMachine, guard, invoke, on, on_exit
from fsm.errors import HandlerMisuse, InstanceParked, StatementFailed
from fsm.ports.store import Commit
from persistence import MemoryStore, SQLStore
from persistence.databases.postgres_link import PostgresDatabase

pytestmark = pytest.mark.anyio

BOOKS = Table(
    "book",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("title", String, nullable=False, unique=True),
    Column("lent", DateTime(timezone=True)),
    Column("shelf", String, default=lambda: "new"),
)


class Lend(Event):
    """Add a book and mark it as lent."""

    title: str = "Emma"


class Odd(Event):
    """Does what must not be done."""

    what: str = ""


class Count(Context):
    """How many were lent."""

    n: int = 0


class Library(StateMachine[Count, Lend | Odd]):
    """Keeps its books in a table of its own."""

    class Here(State, initial=True): ...

    @on(Lend, Here)
    def lend(self, ev: Lend) -> None:
        self.ctx.n += 1
        self.execute(insert(BOOKS).values(id=self.ctx.n, title=ev.title))
        self.execute(update(BOOKS).where(BOOKS.c.id == self.ctx.n).values(lent=self.now))

    @on_exit(Here)
    def closed(self) -> None:
        self.execute(insert(BOOKS).values(id=0, title="closed"))

    @guard
    def asking(self, ev: Odd) -> bool:
        if ev.what == "guard":
            self.execute(insert(BOOKS).values(id=7, title="x"))
        return True

    @on(Odd, Here, when=asking)
    def odd(self, ev: Odd) -> None:
        self.execute(select(BOOKS) if ev.what == "select" else text("DELETE FROM book"))


Made = tuple[SQLStore, Engine]


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """A store, and the user's own way to the same database, with the user's table."""
    if request.param == "sqlite":
        file = tmp_path / "fsm.db"
        store, engine = SQLStore(file), create_engine(f"sqlite:///{file}")
    else:
        url: str = request.getfixturevalue("postgres")
        store = SQLStore(PostgresDatabase.at(url))
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    return store, engine


def prepared(engine: Engine) -> None:
    with engine.begin() as connection:
        BOOKS.drop(connection, checkfirst=True)
        BOOKS.create(connection)


def books(engine: Engine) -> list[tuple[int, str, str]]:
    with engine.connect() as connection:
        query = select(BOOKS.c.id, BOOKS.c.title, BOOKS.c.shelf).order_by(BOOKS.c.id)
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]


async def test_statements_are_run_in_order_with_types_and_defaults(made: Made) -> None:
    store, engine = made
    now = datetime(2030, 1, 1, tzinfo=UTC)
    async with Orchestrator(store, [Library], clock=now.timestamp) as orchestrator:
        prepared(engine)
        library = await orchestrator.start(Library, id="a")
        await library.send(Lend(title="Emma"))
        await library.send(Lend(title="Persuasion"))
        assert books(engine) == [(1, "Emma", "new"), (2, "Persuasion", "new")]
        with engine.connect() as connection:
            lent = connection.execute(select(BOOKS.c.lent)).scalars().all()
        assert [at and at.replace(tzinfo=at.tzinfo or UTC) for at in lent] == [now, now]
    engine.dispose()


async def test_one_that_fails_parks_its_instance_alone_and_leaves_no_trace(made: Made) -> None:
    store, engine = made
    async with Orchestrator(store, [Library]) as orchestrator:
        prepared(engine)
        one, other = [await orchestrator.start(Library, id=id) for id in "ab"]
        await one.send(Lend(title="Emma"))
        await one.send(Lend(title="Persuasion"))
        with pytest.raises(InstanceParked, match=r"StatementFailed.*INSERT INTO book") as told:
            await other.send(Lend(title="Sense"))
        assert isinstance(told.value.__cause__, StatementFailed)
        assert len(books(engine)) == 2
        snapshot = await other.snapshot()
        assert (snapshot.context.n, snapshot.seq, snapshot.status) == (0, 1, "parked")
        await one.send(Lend(title="Mansfield"))
        with engine.begin() as connection:
            connection.execute(BOOKS.delete())
        await orchestrator.retry("b")
        assert [(row.id, row.status) for row in await orchestrator.find()] == [("a", "running"), ("b", "running")]
        await other.send(Lend(title="Susan"))
        assert [title for _, title, _ in books(engine)] == ["Sense", "Susan"]
        assert (await other.snapshot()).context.n == 2
    engine.dispose()


async def test_what_is_sent_together_stands_alone(made: Made) -> None:
    store, engine = made
    async with Orchestrator(store, [Library]) as orchestrator:
        prepared(engine)
        library = await orchestrator.start(Library, id="a")
        for title in ("Emma", "Persuasion", "Emma", "Susan"):
            await library.send(Lend(title=title), wait="accepted")
        with pytest.raises(InstanceParked, match="StatementFailed"):
            await library.result(timeout=30)
        assert [title for _, title, _ in books(engine)] == ["Emma", "Persuasion"]
        assert (await library.snapshot()).context.n == 2
    engine.dispose()


async def test_a_constraint_that_is_checked_at_the_end_parks_too(tmp_path: Path) -> None:
    store = SQLStore(tmp_path / "fsm.db")
    async with Orchestrator(store, [Library]) as orchestrator:
        prepared(create_engine(f"sqlite:///{tmp_path / 'fsm.db'}"))
        library = await orchestrator.start(Library, id="a")
        assert store._link is not None
        with store._link.transaction():
            connection: sqlite3.Connection = store._link._connection  # type: ignore[attr-defined]
            connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
            connection.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
            connection.execute("CREATE TRIGGER spoil AFTER INSERT ON book BEGIN INSERT INTO child VALUES (7); END")
        connection.execute("PRAGMA foreign_keys=ON")
        with pytest.raises(InstanceParked, match="StatementFailed"):
            await library.send(Lend())


async def test_a_cancel_runs_the_statements_of_exits(made: Made) -> None:
    store, engine = made
    async with Orchestrator(store, [Library]) as orchestrator:
        prepared(engine)
        await orchestrator.start(Library, id="a")
        await orchestrator.cancel("a")
        assert books(engine) == [(0, "closed", "new")]
        await orchestrator.start(Library, id="b")
        with pytest.raises(StatementFailed):
            await orchestrator.cancel("b")
        assert (await orchestrator.get("b").snapshot()).status == "running"
    engine.dispose()


@pytest.mark.parametrize(
    ("what", "why"), [("guard", "in a guard"), ("select", "Select. is refused"), ("text", "TextClause. is refused")]
)
async def test_what_cannot_be_run_is_refused_when_it_is_asked_for(made: Made, what: str, why: str) -> None:
    store, _ = made
    async with Orchestrator(store, [Library]) as orchestrator:
        library = await orchestrator.start(Library, id="a")
        with pytest.raises(InstanceParked, match=why):
            await library.send(Odd(what=what))
        assert [incident.kind for incident in await orchestrator.incidents()] == ["HandlerMisuse"]


async def test_a_store_in_memory_has_no_tables() -> None:
    store = MemoryStore()
    async with Orchestrator(store, [Library]) as orchestrator:
        library = await orchestrator.start(Library, id="a")
        with pytest.raises(InstanceParked, match="needs a store in a SQL database"):
            await library.send(Lend())
        with pytest.raises(StatementFailed, match="no tables"):
            await store.commit([Commit("b", statements=[insert(BOOKS)])])


def test_a_rehearsal_says_what_would_be_run() -> None:
    rehearsal = Library.rehearse()
    rehearsal.send(Lend(title="Emma"))
    assert [type(statement).__name__ for statement in rehearsal.executed] == ["Insert", "Update"]
    rehearsal.send(Lend(title="Susan"))
    assert len(rehearsal.executed) == 4
    with pytest.raises(HandlerMisuse, match="is refused"):
        rehearsal.send(Odd(what="text"))
    with pytest.raises(HandlerMisuse, match="in a guard"):
        rehearsal.send(Odd(what="guard"))
    assert len(rehearsal.executed) == 4


def test_an_invoke_runs_none() -> None:
    class Beside(StateMachine):
        class Here(State, initial=True): ...

        @invoke(Here)
        async def work(self) -> None:
            self.execute(insert(BOOKS))

    with pytest.raises(Exception, match="execute inside an invoke"):
        Beside.rehearse().settle()
