"""The book of one object."""

from __future__ import annotations

from dataclasses import fields

import pytest

from fsm.engines.restate.book import REFUSED, STATE, VIEW_ONLY, Book, unknown_fields
from fsm.errors import EngineUnfit
from fsm.ports.store import Accepted, CallRow, Commit, Effect, Incident, Record, Timer

pytestmark = pytest.mark.anyio
RECORD = Record("A", "M", "1", "d", "running", 1, "[]", "{}", b"{}")


def book() -> Book:
    """One with a record."""
    made = Book("A", None)
    made.record = RECORD
    return made


def test_every_field_of_a_commit_is_taken_in_shown_or_refused() -> None:
    assert unknown_fields() == []
    assert len(STATE | VIEW_ONLY | REFUSED) == len(STATE) + len(VIEW_ONLY) + len(REFUSED)
    assert {field.name for field in fields(Commit)} >= STATE | VIEW_ONLY | REFUSED


async def test_what_cannot_be_done_is_refused_by_name() -> None:
    with pytest.raises(EngineUnfit, match="statements"):
        await book().commit([Commit("A", statements=["DELETE"])])


async def test_the_state_comes_back_as_it_was() -> None:
    first = book()
    first.inbox["r"] = Accepted("A", "r", "E", "{}")
    await first.commit(
        [
            Commit(
                "A",
                timers_set=[Timer("A", "t", 1, 2.0)],
                effects_set=[Effect("A", "e", 1, b"{}", "{}")],
                calls=[CallRow("A", "r", "m", "d", 0, '{"ok":1}')],
                incident=Incident("A", "K", "why", "r", "E", 1, 2.0),
            )
        ]
    )
    again = Book("A", first.state())
    assert again.state() == first.state()
    assert (again.record, again.timers, again.effects) == (RECORD, first.timers, first.effects)
    assert await again.calls("A", "r") == first.recorded


async def test_what_is_for_others_is_sent_and_not_shown() -> None:
    mine, child = book(), Record("B", "M", "1", "d", "running", 0, "[]", "{}", b"{}")
    commit = Commit("A", accepted=[Accepted("B", "s", "start", "{}", lane="start")], started=[child])
    await mine.commit([commit])
    assert [(row.ref, record) for row, record in mine.sent] == [("s", child)]
    assert (commit.accepted, commit.started) == ([], [])


async def test_an_event_to_itself_is_sent_too_and_comes_back() -> None:
    mine = book()
    await mine.commit([Commit("A", accepted=[Accepted("A", "s", "E", "{}")])])
    assert [row.ref for row, _ in mine.sent] == ["s"]
    assert mine.inbox == {}


async def test_what_is_set_and_cleared_in_one_handler_is_never_begun() -> None:
    mine = book()
    await mine.commit([Commit("A", timers_set=[Timer("A", "t", 1, 2.0)], effects_set=[Effect("A", "e", 1, b"", "{}")])])
    await mine.commit([Commit("A", timers_cleared=[("t", 1)], effects_cleared=[("e", 1)])])
    assert (mine.set, mine.begun, mine.ended) == ([], [], [])


async def test_what_was_begun_earlier_is_cancelled() -> None:
    mine = book()
    mine.running = {"timer:t#1": "inv_1", "invoke:e#1": "inv_2"}
    await mine.commit([Commit("A", timers_cleared=[("t", 1)], effects_cleared=[("e", 1)])])
    assert (mine.ended, mine.running) == (["inv_1", "inv_2"], {})


async def test_calls_are_forgotten_with_their_cause_and_failures_when_they_are_forgiven() -> None:
    mine = book()
    mine.inbox["r"] = Accepted("A", "r", "E", "{}")
    ok, failed = CallRow("A", "r", "m", "d", 0, '{"ok":1}'), CallRow("A", "r", "m", "d", 1, '{"error":{}}')
    await mine.commit([Commit("A", calls=[ok, failed])])
    await mine.commit([Commit("A", forgiven=["r"])])
    assert mine.recorded == [ok]
    await mine.commit([Commit("A", settled=[Accepted("A", "r", "E", "{}", state="consumed", outcome='{"seq":2}')])])
    assert (mine.recorded, mine.settled["r"].outcome) == ([], '{"seq":2}')


async def test_the_last_commit_raises_the_fence_so_that_the_view_is_told_once() -> None:
    mine = book()
    await mine.commit([Commit("A", fence=0)])
    shown = mine.close()
    assert [commit.fence for commit in shown] == [0, 0]
    assert mine.record is not None
    assert mine.record.fence == 1
    assert Book("A", None).close() == []


async def test_what_was_adopted_sets_its_timers_and_sends_what_is_delayed() -> None:
    mine = book()
    mine.timers = [Timer("A", "t", 1, 2.0)]
    mine.inbox = {"later": Accepted("A", "later", "E", "{}", not_before=9.0), "now": Accepted("A", "now", "E", "{}")}
    mine.adopt(5.0)
    assert (mine.set, [row.ref for row, _ in mine.sent], list(mine.inbox)) == (mine.timers, ["later"], ["now"])
