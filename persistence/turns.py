"""Writing turns: in one transaction with others, in which each commit stands alone.

    for each commit:  keys free? ── cause open? ── compare-and-set ── inbox ── journal ── timers, effects, calls, ...
                          │ no            │ no            │ no row
                      DUPLICATE          LOST            LOST      (all before anything of the commit is written)

A commit that the database itself refuses (a value that cannot be stored, say) takes the whole batch with it, as the
port says: an error means that nothing was written. The committer then runs each turn alone, and its neighbours stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, Protocol

from sqlalchemy import and_, bindparam, case, func, literal_column, null, or_, select, update

from fsm.ports.attempt import Attempt
from fsm.ports.store import (
    Accepted,
    CallRow,
    Commit,
    Definition,
    Effect,
    Entry,
    Incident,
    Record,
    Status,
    Timer,
    Verdict,
)
from persistence import rows
from persistence.resolution import resolved_at
from persistence.statements import Statement, Text, insertion, merging
from persistence.tasks import Tasks

_INSTANCE: Final = rows.table(rows.Instance)
_INBOX: Final = rows.table(rows.Inbox)
_TIMER: Final = rows.table(rows.Timer)
_EFFECT: Final = rows.table(rows.Effect)
_CALL: Final = rows.table(rows.Call)
_ATTEMPT: Final = rows.table(rows.Attempt)
_INCIDENT: Final = rows.table(rows.Incident)
_READY: Final = rows.table(rows.Ready)
_DEFINITION: Final = rows.table(rows.Definition)

_MOVING: Final = (
    "version", "digest", "status", "seq", "config", "moving", "context", "fence", "output", "closed",
)  # fmt: skip
"""Columns of an instance that a turn may change; the others are its identity."""

_ENDED: Final = frozenset(status.value for status in Status if status.ended)

_ONE: Final[Any] = literal_column("1")
_AS_READ: Final = (
    _INSTANCE.c.id == bindparam("read_id"),
    _INSTANCE.c.seq == bindparam("read_seq"),
    _INSTANCE.c.fence == bindparam("read_fence"),
)
_MOVE: Final = update(_INSTANCE).values({name: bindparam(name) for name in _MOVING}).where(*_AS_READ)
# Locked, lest the instance moves between the question and the commit. SQLite has one writer and no words for it.
_STAND: Final = select(_ONE).select_from(_INSTANCE).where(*_AS_READ).with_for_update()
_HOLD: Final = (
    select(_ONE)
    .select_from(_INSTANCE)
    .where(_INSTANCE.c.id == bindparam("read_id"), _INSTANCE.c.fence == bindparam("read_fence"))
    .with_for_update()
)
_WAIT: Final = (
    select(_ONE).select_from(_INBOX).where(_INBOX.c.ref == bindparam("read_ref"), rows.OPEN).with_for_update()
)


def _or_fail(one: Any) -> Any:
    """Divide by the number of rows: without any the transaction fails, and nobody has to be asked in between."""
    return select(literal_column("1 / count(*)")).select_from(one)


def _clearing(table: Any) -> Statement:
    names = ("instance", "key", "generation")
    return Statement(table.delete().where(*(table.c[name] == bindparam(name) for name in names)))


MOVE: Final = Statement(_MOVE)
MOVE_OR_FAIL: Final = Statement(_or_fail(_MOVE.returning(_ONE).cte("moved")))
STANDS: Final = Statement(_STAND)
STANDS_OR_FAIL: Final = Statement(_or_fail(_STAND.cte("standing")))
HELD: Final = Statement(_HOLD)
HELD_OR_FAIL: Final = Statement(_or_fail(_HOLD.cte("held")))
WAITS: Final = Statement(_WAIT)
WAITS_OR_FAIL: Final = Statement(_or_fail(_WAIT.cte("waiting")))
EXISTS: Final = Statement(select(_ONE).select_from(_INSTANCE).where(_INSTANCE.c.id == bindparam("read_id")))
CREATE: Final = insertion(_INSTANCE)
CREATE_NEW: Final = insertion(_INSTANCE, ignore=True)
JOURNAL: Final = insertion(rows.table(rows.Transition))
ACCEPT: Final = insertion(_INBOX)
ACCEPT_NEW: Final = insertion(_INBOX, ignore=True)
TAKEN: Final = Statement(
    select(_ONE)
    .select_from(_INBOX)
    .where(
        or_(
            (_INBOX.c.instance == bindparam("instance")) & (_INBOX.c.key == bindparam("key")),
            _INBOX.c.ref == bindparam("ref"),
        )
    )
)
SETTLE: Final = Statement(
    update(_INBOX)
    .values(state=bindparam("new_state"), outcome=bindparam("new_outcome"))
    .where(_INBOX.c.ref == bindparam("read_ref"), rows.OPEN)
)
AMEND: Final = Statement(
    update(_INBOX).values(payload=bindparam("new_payload")).where(_INBOX.c.ref == bindparam("read_ref"), rows.OPEN)
)
SET_TIMER: Final = insertion(_TIMER, replace=True)
SET_EFFECT: Final = insertion(_EFFECT, replace=True)
CLEAR_TIMER: Final = _clearing(_TIMER)
CLEAR_EFFECT: Final = _clearing(_EFFECT)
RECORD_CALL: Final = insertion(_CALL, ignore=True)
FORGIVE: Final = Statement(
    _CALL.delete().where(
        _CALL.c.instance == bindparam("read_id"),
        _CALL.c.cause == bindparam("read_cause"),
        or_(
            func.substr(_CALL.c.answer, _ONE, literal_column("8")) == literal_column("'{\"error\"'"),
            and_(
                func.substr(_CALL.c.answer, _ONE, literal_column("7")) == literal_column("'{\"once\"'"),
                bindparam("repeated") == _ONE,
            ),
        ),
    )
)
OPEN_INCIDENT: Final = insertion(_INCIDENT)
RESOLVE: Final = Statement(
    update(_INCIDENT)
    .values(resolved=bindparam("at"), resolution=bindparam("how"))
    .where(_INCIDENT.c.instance == bindparam("read_id"), rows.UNRESOLVED)
)


def _poke(insert: Any) -> Any:
    """Make an instance claimable from a time on; whoever has claimed it is told, unless he says it himself."""
    insert = insert.values(
        instance=bindparam("instance"), worker=null(), due=bindparam("due"), poked=bindparam("stranger")
    )
    others = and_(_READY.c.worker.is_not(None), _READY.c.worker != bindparam("writer"))
    return insert.on_conflict_do_update(
        index_elements=["instance"],
        set_={
            "due": case((insert.excluded.due < _READY.c.due, insert.excluded.due), else_=_READY.c.due),
            "poked": case((others, _ONE), (insert.excluded.poked > _READY.c.poked, _ONE), else_=_READY.c.poked),
        },
    )


def _born(insert: Any) -> Any:
    """Claim an instance for the worker that creates it."""
    insert = insert.values(
        instance=bindparam("instance"), worker=bindparam("writer"), due=literal_column("0.0"), poked=literal_column("0")
    )
    return insert.on_conflict_do_update(index_elements=["instance"], set_={"worker": insert.excluded.worker})


def _define(insert: Any) -> Any:
    """Keep the newest document of a machine; the same one again writes nothing."""
    insert = insert.values({c.name: bindparam(c.name) for c in _DEFINITION.columns})
    return insert.on_conflict_do_update(
        index_elements=["machine", "version"],
        set_={"document": insert.excluded.document, "at": insert.excluded.at},
        where=_DEFINITION.c.document != insert.excluded.document,
    )


def _write_attempt(insert: Any) -> Any:
    """Put an attempt in place of what was written of it, unless that tells of a later run."""
    new = insert.values({c.name: bindparam(c.name) for c in _ATTEMPT.columns})
    keys = [c.name for c in _ATTEMPT.primary_key.columns]
    return new.on_conflict_do_update(
        index_elements=keys,
        set_={c.name: new.excluded[c.name] for c in _ATTEMPT.columns if c.name not in keys},
        where=_ATTEMPT.c.runs <= new.excluded.runs,
    )


WRITE_ATTEMPT: Final = merging(_ATTEMPT, _write_attempt)
DEFINE: Final = merging(_DEFINITION, _define)
POKE: Final = merging(_READY, _poke)
BORN: Final = merging(_READY, _born)
GONE: Final = Statement(_READY.delete().where(_READY.c.instance == bindparam("instance")))


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        ...

    def execute(self, sql: Any, values: Any, /) -> Cursor:
        """Run a statement."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...


Execute = Callable[[str, Sequence[Any]], object]
"""Runs a statement; what becomes of it may be known later."""

Number = Callable[[str, Sequence[Any], "Accepted | Incident"], None]
"""Runs an INSERT and writes the number that the database gave into the row."""


class Writing:
    """The statements above in the words of one database, and how a commit is written with them."""

    def __init__(self, words: Literal["sqlite", "postgresql", "libpq"]) -> None:
        """Compiles them all."""

        def text(statement: Statement) -> Text:
            made: Text = getattr(statement, words)
            return made

        move = text(MOVE)
        self._move = move.sql
        self._move_values = Text("", move.names[: len(_MOVING)], {}).values_of(Record)
        self._stands, self._exists, self._taken = text(STANDS).sql, text(EXISTS).sql, text(TAKEN).sql
        self._held, self._waits = text(HELD).sql, text(WAITS).sql
        self._create, self._accept, self._create_new = text(CREATE).sql, text(ACCEPT).sql, text(CREATE_NEW).sql
        self._record_values = text(CREATE).values_of(Record)
        self._accept_new, self._accepted_values = text(ACCEPT_NEW).sql, text(ACCEPT).values_of(Accepted)
        self._settle, self._resolve, self._forgive = text(SETTLE).sql, text(RESOLVE).sql, text(FORGIVE).sql
        self._journal, self._entry_values = text(JOURNAL).sql, text(JOURNAL).values_of(Entry)
        self._set_timer, self._timer_values = text(SET_TIMER).sql, text(SET_TIMER).values_of(Timer)
        self._set_effect, self._effect_values = text(SET_EFFECT).sql, text(SET_EFFECT).values_of(Effect)
        self._clear_timer, self._clear_effect = text(CLEAR_TIMER).sql, text(CLEAR_EFFECT).sql
        self._record_call, self._call_values = text(RECORD_CALL).sql, text(RECORD_CALL).values_of(CallRow)
        self._attempt, self._attempt_values = text(WRITE_ATTEMPT).sql, text(WRITE_ATTEMPT).values_of(Attempt)
        self._incident, self._incident_values = text(OPEN_INCIDENT).sql, text(OPEN_INCIDENT).values_of(Incident)
        self._define, self._definition_values = text(DEFINE).sql, text(DEFINE).values_of(Definition)
        self._tasks, self._amend = Tasks(words), text(AMEND).sql
        self._poke, self._born, self._gone = text(POKE).sql, text(BORN).sql, text(GONE).sql

    # ---- one after the other: every answer is known before the next question

    def apply_all(self, cursor: Cursor, batch: Sequence[Commit], number: Number) -> list[Verdict]:
        """Write a batch and judge each commit."""
        verdicts: list[Verdict] = []
        lost: set[str] = set()
        for commit in batch:
            late = commit.read and commit.instance in lost
            verdict = Verdict.LOST if late else self._apply(cursor, commit, number)
            if verdict is Verdict.LOST:
                lost.add(commit.instance)
            verdicts.append(verdict)
        stood = [commit for commit, verdict in zip(batch, verdicts, strict=True) if verdict is Verdict.COMMITTED]
        self._wake(cursor.execute, stood)
        return verdicts

    def _apply(self, cursor: Cursor, commit: Commit, number: Number) -> Verdict:
        """One commit; a verdict other than COMMITTED has written nothing."""
        if commit.accepted and self._is_taken(cursor, commit.accepted):
            stands = self._may_settle(cursor, commit) and self._is_as_read(cursor, commit)
            return Verdict.DUPLICATE if stands else Verdict.LOST
        stands = self._may_settle(cursor, commit) and self._tasks.stand(cursor, commit)
        if not (stands and self._moved(cursor, commit)):
            return Verdict.LOST
        self._follow(cursor.execute, number, commit, self._accept_new)
        return Verdict.COMMITTED

    def _moved(self, cursor: Cursor, commit: Commit) -> bool:
        """The compare-and-set: the guard of all that follows."""
        if commit.create:
            return cursor.execute(self._create_new, self._record_values(_created(commit))).rowcount == 1
        if commit.seq is None or commit.record is None:
            return self._is_as_read(cursor, commit)
        values = (*self._move_values(commit.record), commit.instance, commit.seq, commit.fence or 0)
        return cursor.execute(self._move, values).rowcount == 1

    def _is_as_read(self, cursor: Cursor, commit: Commit) -> bool:
        """Whether the compare-and-set would succeed, asked without writing."""
        if commit.create:
            return cursor.execute(self._exists, (commit.instance,)).fetchone() is None
        if commit.seq is None:
            held = commit.fence is None or cursor.execute(self._held, (commit.instance, commit.fence)).fetchone()
            return held is not None
        return cursor.execute(self._stands, (commit.instance, commit.seq, commit.fence or 0)).fetchone() is not None

    def _is_taken(self, cursor: Cursor, accepted: Sequence[Accepted]) -> bool:
        """Whether a key is taken, in the database or by an earlier row of the same commit."""
        keyed = [row for row in accepted if row.key is not None]
        if len({(row.instance, row.key) for row in keyed}) < len(keyed):
            return True
        taken = self._taken
        return any(cursor.execute(taken, (row.instance, row.key, row.ref)).fetchone() is not None for row in keyed)

    def _may_settle(self, cursor: Cursor, commit: Commit) -> bool:
        """Whether what is to be consumed is open: an event is applied once, whatever its reader believes."""
        waits = self._waits
        return all(
            cursor.execute(waits, (row.ref,)).fetchone() is not None
            for row in commit.settled
            if row.state == "consumed"
        )

    # ---- all at once: nothing is asked, and what is not as it should be fails the transaction

    def presume(self, execute: Execute, number: Number, batch: Sequence[Commit]) -> None:
        """Write a batch as if every commit stood; any that does not makes a statement fail."""
        for commit in batch:
            for row in commit.settled:
                if row.state == "consumed":
                    execute(WAITS_OR_FAIL.libpq.sql, (row.ref,))
            self._tasks.presume(execute, commit)
            if commit.create:
                execute(self._create, self._record_values(_created(commit)))
            elif commit.seq is None and commit.fence is not None:
                execute(HELD_OR_FAIL.libpq.sql, (commit.instance, commit.fence))
            elif commit.seq is not None:
                read = (commit.instance, commit.seq, commit.fence or 0)
                if commit.record is None:
                    execute(STANDS_OR_FAIL.libpq.sql, read)
                else:
                    execute(MOVE_OR_FAIL.libpq.sql, (*self._move_values(commit.record), *read))
            self._follow(execute, number, commit, self._accept)
        self._wake(execute, batch)

    def _follow(self, execute: Execute, number: Number, commit: Commit, accept: str) -> None:
        """Everything of a commit behind its compare-and-set."""
        instance = commit.instance
        for definition in commit.definitions:
            execute(self._define, self._definition_values(definition))
        for record in commit.started:
            execute(self._create_new, self._record_values(record))
        for row in commit.accepted:
            number(accept, self._accepted_values(row), row)
        for row in commit.settled:
            execute(self._settle, (row.state, row.outcome, row.ref))
        for row in commit.amended:
            execute(self._amend, (row.payload, row.ref))
        if commit.entry is not None:
            execute(self._journal, self._entry_values(commit.entry))
        # First what ends, then what begins: a state that is left and entered again sets its timer anew.
        for key, generation in commit.timers_cleared:
            execute(self._clear_timer, (instance, key, generation))
        for key, generation in commit.effects_cleared:
            execute(self._clear_effect, (instance, key, generation))
        for timer in commit.timers_set:
            execute(self._set_timer, self._timer_values(timer))
        for effect in commit.effects_set:
            execute(self._set_effect, self._effect_values(effect))
        for cause in commit.forgiven:
            execute(self._forgive, (instance, cause, int(commit.repeated)))
        for call in commit.calls:
            execute(self._record_call, self._call_values(call))
        for attempt in commit.attempts:
            execute(self._attempt, self._attempt_values(attempt))
        if commit.tasks or commit.withdrawn:
            self._tasks.write(execute, commit)
        if commit.resolve is not None:
            execute(self._resolve, (resolved_at(commit), commit.resolve, instance))
        if commit.incident is not None:
            number(self._incident, self._incident_values(commit.incident), commit.incident)
        if commit.record is not None and commit.record.status in _ENDED:
            execute(self._gone, (instance,))
        elif commit.create and commit.worker:
            execute(self._born, (instance, commit.worker))

    def _wake(self, execute: Execute, batch: Sequence[Commit]) -> None:
        """Make claimable what has got an event; in one order, lest two batches wait for each other."""
        due: dict[tuple[str, str], float] = {}
        for commit in batch:
            for row in commit.accepted:
                if row.state == "waiting":
                    place = (row.instance, commit.worker)
                    due[place] = min(row.not_before, due.get(place, row.not_before))
        for (instance, worker), time in sorted(due.items()):
            execute(self._poke, (instance, time, int(not worker), worker))


def _created(commit: Commit) -> Record:
    assert commit.record is not None, f"{commit.instance}: a commit that creates carries the record"
    return commit.record
