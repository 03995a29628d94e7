"""Laws of attempts: what is known of each attempt of a call stays, and the newest that was said of it counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fsm.ports.attempt import Attempt
from fsm.ports.store import CallRow, Commit, Store, Verdict
from persistence.conformance.law import Law, create, law, read, same, turn


def _attempt(n: int, **changed: object) -> Attempt:
    return replace(Attempt("a", "c", "S.m", "d", 0, n, "S.m", '{"x": 1}', due=float(n)), **changed)  # type: ignore[arg-type]


@law
async def an_attempt_is_read_as_it_was_written(store: Store) -> None:
    """An attempt is read as it was written."""
    failed = '{"error": {"kind": "X"}}'
    full = _attempt(
        1, reason="X", started=2.5, ended=3.5, outcome=failed, late='{"ok": 1}', runs=2, final=1, worker="w"
    )
    await store.commit([create("a"), Commit("a", attempts=[full, _attempt(2)])])
    same(await store.attempts("a"), [full, _attempt(2)])
    same(await store.attempts("b"), [])


@law
async def what_is_written_of_an_attempt_takes_the_place_of_what_was_written_before(store: Store) -> None:
    """What is written of an attempt takes the place of what was written before."""
    begun = _attempt(1, started=1.0, runs=1)
    await store.commit([create("a"), Commit("a", attempts=[_attempt(1)]), Commit("a", attempts=[begun])])
    same(await store.attempts("a"), [begun])
    ended = replace(begun, ended=2.0, outcome='{"ok": 1}', final=1)
    await store.commit([Commit("a", attempts=[ended, _attempt(2)])])
    same(await store.attempts("a"), [ended, _attempt(2)])


@law
async def what_is_known_of_a_later_run_is_not_overwritten_by_an_earlier_one(store: Store) -> None:
    """What is known of a later run is not overwritten by an earlier one."""
    first, second = _attempt(1, started=1.0, runs=1, late='{"ok": 1}'), _attempt(1, started=1.0, ended=3.0, runs=2)
    await store.commit([create("a"), Commit("a", attempts=[second])])
    same(await store.commit([Commit("a", attempts=[first])]), [Verdict.COMMITTED])
    same(await store.attempts("a"), [second])
    late = replace(second, late='{"ok": 1}')
    await store.commit([Commit("a", attempts=[late])])
    same(await store.attempts("a"), [late])


@law
async def attempts_are_found_by_cause_and_those_of_a_call_are_in_order(store: Store) -> None:
    """Attempts are found by cause, and those of a call are in order."""
    rows = [_attempt(2), _attempt(1), _attempt(10), _attempt(1, k=1), _attempt(1, cause="other")]
    await store.commit([create("a"), Commit("a", attempts=rows)])
    same([a.n for a in await store.attempts("a", "c") if a.k == 0], [1, 2, 10])
    same([a.n for a in await store.attempts("a", "c") if a.k == 1], [1])
    same(await store.attempts("a", "other"), [_attempt(1, cause="other")])
    same(len(await store.attempts("a")), 5)


@law
async def an_attempt_and_the_answer_of_its_call_are_written_together_or_not_at_all(store: Store) -> None:
    """An attempt and the answer of its call are written together, or not at all."""
    await store.commit([create("a")])
    call = CallRow("a", "c", "S.m", "d", 0, '{"ok": 1}')
    both = Commit("a", fence=0, attempts=[_attempt(1, final=1)], calls=[call])
    same(await store.commit([replace(both, fence=7)]), [Verdict.LOST])
    same((await store.attempts("a"), await store.calls_of("a")), ([], []))
    same(await store.commit([both]), [Verdict.COMMITTED])
    same((len(await store.attempts("a")), len(await store.calls_of("a"))), (1, 1))


@law
async def an_attempt_alone_tells_that_a_call_was_made(store: Store) -> None:
    """An attempt alone tells that a call was made."""
    await store.commit([create("a"), create("b")])
    await store.commit([Commit("a", attempts=[_attempt(1, runs=1)])])
    same((await read(store, "a")).called, True)
    same([loaded.called for loaded in await store.load_many(["a", "b"])], [True, False])


@law
async def failures_of_what_is_made_once_are_forgotten_only_when_it_is_to_be_repeated(store: Store) -> None:
    """Failures of what is made once are forgotten only when it is to be repeated."""
    answers = ('{"ok": 1}', '{"error": 1}', '{"once":true,"error": 1}')
    calls = [CallRow("a", "c", "S.m", "d", k, answer) for k, answer in enumerate(answers)]
    await store.commit([create("a"), Commit("a", calls=calls)])
    await store.commit([turn("a", 0, forgiven=["c"])])
    same([call.k for call in await store.calls("a", "c")], [0, 2])
    await store.commit([turn("a", 1, forgiven=["c"], repeated=True)])
    same([call.k for call in await store.calls("a", "c")], [0])


@law
async def an_erased_instance_leaves_no_attempts(store: Store) -> None:
    """An erased instance leaves no attempts."""
    await store.commit([create("a", status="done", closed=1.0), Commit("a", attempts=[_attempt(1)])])
    same(await store.erase("a"), True)
    same(await store.attempts("a"), [])


LAWS: Final[tuple[Law, ...]] = (
    an_attempt_is_read_as_it_was_written,
    what_is_written_of_an_attempt_takes_the_place_of_what_was_written_before,
    what_is_known_of_a_later_run_is_not_overwritten_by_an_earlier_one,
    attempts_are_found_by_cause_and_those_of_a_call_are_in_order,
    an_attempt_and_the_answer_of_its_call_are_written_together_or_not_at_all,
    an_attempt_alone_tells_that_a_call_was_made,
    failures_of_what_is_made_once_are_forgotten_only_when_it_is_to_be_repeated,
    an_erased_instance_leaves_no_attempts,
)
"""All of them."""
