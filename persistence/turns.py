"""Writing turns: in one transaction with others, in which each commit stands alone.

    for each commit:  keys free? ── cause open? ── room? ── compare-and-set ── inbox ── journal ── timers, effects, ...
                          │ no            │ no       │ no       │ no row
                      DUPLICATE          LOST       FULL       LOST    (all before anything of the commit is written)

A commit that the database itself refuses (a value that cannot be stored, say) takes the whole batch with it, as the
port says: an error means that nothing was written. The committer then runs each turn alone, and its neighbours stand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, Literal, Protocol

from fsm.errors import StatementFailed
from fsm.ports.attempt import Attempt
from fsm.ports.schedule import Firing
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
from persistence import executing, writes
from persistence.attributes import AttributeWriting
from persistence.crowd import Counted, Crowd, presume
from persistence.resolution import resolved_at
from persistence.room import Room
from persistence.statements import Statement, Text
from persistence.tasks import Tasks

_ENDED: Final = frozenset(status.value for status in Status if status.ended)


def runner_on(connection: Any) -> Callable[[Any], None]:
    """What runs the statements of users on a connection to SQLite."""
    return executing.runner("sqlite://", connection, executing.sqlite_passing)


def broken(error: BaseException) -> StatementFailed:
    """The error for a constraint of the user's that is checked at the end."""
    return executing.broken(error)


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

        def both(statement: Statement, row: type) -> tuple[str, Any]:
            return text(statement).sql, text(statement).values_of(row)

        move = text(writes.MOVE)
        self._move = move.sql
        self._move_values = Text("", move.names[: len(writes.MOVING)], {}).values_of(Record)
        self._fire, self._firing_values = both(writes.FIRE, Firing)
        self._stands, self._exists = text(writes.STANDS).sql, text(writes.EXISTS).sql
        self._taken, self._held, self._waits = text(writes.TAKEN).sql, text(writes.HELD).sql, text(writes.WAITS).sql
        self._create, self._record_values = both(writes.CREATE, Record)
        self._create_new = text(writes.CREATE_NEW).sql
        self._accept, self._accepted_values = both(writes.ACCEPT, Accepted)
        self._accept_new, self._amend = text(writes.ACCEPT_NEW).sql, text(writes.AMEND).sql
        self._settle, self._resolve = text(writes.SETTLE).sql, text(writes.RESOLVE).sql
        self._forgive, self._tell = text(writes.FORGIVE).sql, text(writes.TELL).sql
        self._journal, self._entry_values = both(writes.JOURNAL, Entry)
        self._set_timer, self._timer_values = both(writes.SET_TIMER, Timer)
        self._set_effect, self._effect_values = both(writes.SET_EFFECT, Effect)
        self._clear_timer, self._clear_effect = text(writes.CLEAR_TIMER).sql, text(writes.CLEAR_EFFECT).sql
        self._record_call, self._call_values = both(writes.RECORD_CALL, CallRow)
        self._attempt, self._attempt_values = both(writes.WRITE_ATTEMPT, Attempt)
        self._incident, self._incident_values = both(writes.OPEN_INCIDENT, Incident)
        self._define, self._definition_values = both(writes.DEFINE, Definition)
        self._attributes = AttributeWriting(text)
        self._tasks = Tasks(words)
        self._poke, self._born, self._gone = text(writes.POKE).sql, text(writes.BORN).sql, text(writes.GONE).sql
        self._expel, self._absolve = text(writes.EXPEL).sql, text(writes.ABSOLVE).sql
        self._crowd = Crowd(text, holds=words != "sqlite")

    # ---- one after the other: every answer is known before the next question

    def apply_all(
        self, cursor: Cursor, batch: Sequence[Commit], number: Number, run: executing.Run, counted: Counted | None
    ) -> list[Verdict]:
        """Write a batch and judge each commit; `run` runs statements of users, `counted` is remembered of inboxes."""
        verdicts: list[Verdict] = []
        lost: set[str] = set()
        room = self._crowd.room(cursor, counted) if any(commit.accepted for commit in batch) else None
        for commit in batch:
            late = commit.read and commit.instance in lost
            verdict = Verdict.LOST if late else self._apply(cursor, commit, number, room)
            if verdict is Verdict.COMMITTED:
                if room is not None:
                    room.note(commit)
                for statement in commit.statements:
                    run(statement)
            if verdict is Verdict.LOST:
                lost.add(commit.instance)
            verdicts.append(verdict)
        if room is not None:
            stood = [commit for commit, verdict in zip(batch, verdicts, strict=True) if verdict is Verdict.COMMITTED]
            self._wake(cursor.execute, stood)
        return verdicts

    def _apply(self, cursor: Cursor, commit: Commit, number: Number, room: Room | None) -> Verdict:
        """One commit; a verdict other than COMMITTED has written nothing."""
        if commit.accepted and self._is_taken(cursor, commit.accepted):
            stands = self._may_settle(cursor, commit) and self._is_as_read(cursor, commit)
            return Verdict.DUPLICATE if stands else Verdict.LOST
        stands = self._may_settle(cursor, commit) and self._tasks.stand(cursor, commit)
        if stands and room is not None and not room.admits(commit):
            return Verdict.FULL if self._is_as_read(cursor, commit) else Verdict.LOST
        if not (stands and self._moved(cursor, commit)):
            return Verdict.LOST
        self._follow(cursor.execute, number, commit, self._accept_new)
        return Verdict.COMMITTED

    def _moved(self, cursor: Cursor, commit: Commit) -> bool:
        """The compare-and-set: the guard of all that follows."""
        if commit.firing is not None:
            return cursor.execute(self._fire, self._firing_values(commit.firing)).rowcount == 1
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

    def presume(self, execute: Execute, number: Number, batch: Sequence[Commit], grouped: Collection[int] = ()) -> None:
        """Write a batch as if every commit stood; any that does not makes a statement fail.

        Records and journal rows of those that are `grouped`, by `id()`, have been written together.
        """
        for commit in batch:
            for row in commit.settled:
                if row.state == "consumed":
                    execute(writes.WAITS_OR_FAIL.libpq.sql, (row.ref,))
            if commit.firing is not None:
                execute(writes.FIRE_OR_FAIL.libpq.sql, self._firing_values(commit.firing))
            self._tasks.presume(execute, commit)
            if commit.create:
                execute(self._create, self._record_values(_created(commit)))
            elif commit.seq is None and commit.fence is not None:
                execute(writes.HELD_OR_FAIL.libpq.sql, (commit.instance, commit.fence))
            elif commit.seq is not None and id(commit) not in grouped:
                read = (commit.instance, commit.seq, commit.fence or 0)
                if commit.record is None:
                    execute(writes.STANDS_OR_FAIL.libpq.sql, read)
                else:
                    execute(writes.MOVE_OR_FAIL.libpq.sql, (*self._move_values(commit.record), *read))
            self._follow(execute, number, commit, self._accept, noted=id(commit) in grouped)
        self._wake(execute, batch)
        presume(execute, batch)

    def _follow(self, execute: Execute, number: Number, commit: Commit, accept: str, *, noted: bool = False) -> None:
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
        if commit.entry is not None and not noted:
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
        for effect in commit.progress:
            execute(self._tell, (effect.progress, instance, effect.key, effect.generation))
        for cause in commit.forgiven:
            execute(self._forgive, (instance, cause, int(commit.repeated)))
        for call in commit.calls:
            execute(self._record_call, self._call_values(call))
        for attempt in commit.attempts:
            execute(self._attempt, self._attempt_values(attempt))
        if commit.attributes or commit.attributes_anew:
            self._attributes.write(execute, commit)
        if commit.tasks or commit.withdrawn:
            self._tasks.write(execute, commit)
        if commit.resolve is not None:
            execute(self._resolve, (resolved_at(commit), commit.resolve, instance))
            execute(self._absolve, (instance,))
        if commit.incident is not None:
            number(self._incident, self._incident_values(commit.incident), commit.incident)
        if commit.record is not None and commit.record.status in _ENDED:
            execute(self._gone, (instance, int(commit.expel)))
            if commit.expel:
                execute(self._expel, (instance,))
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
