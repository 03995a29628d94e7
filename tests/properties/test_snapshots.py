"""Snapshots of random charts: nothing is lost on the way to text and back, and going on from one is going on."""

from __future__ import annotations

from functools import cache
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fsm import Event, StateMachine
from fsm.core.snapshot import Snapshot
from fsm.errors import FsmError, InstanceEnded, NotAccepted, Refused, UnhandledError
from fsm.testing.rehearsal import Rehearsal
from tests.oracle.build import Data, machine_of
from tests.oracle.generator import random_spec
from tests.oracle.spec import EVENTS, FLAGS, FUEL

Running = Rehearsal[Data, Event, None]

charts = st.integers(0, 150)
words = st.lists(st.sampled_from((*EVENTS, "time", "answer", "failure", "flag")), max_size=12)
profile = settings(max_examples=120, derandomize=True, database=None)


@cache
def _machine(seed: int) -> type[StateMachine[Data, Event]] | None:
    """The machine of a seed; None for one that cannot even start."""
    machine, _ = machine_of(random_spec(Random(seed)))
    try:
        machine.rehearse()
    except FsmError:
        return None
    return machine


def _act(r: Running, word: str) -> str:
    """Do one thing; what came of it."""
    r.ctx.fuel = FUEL
    try:
        match word:
            case "time" if r.pending:
                return "advancing would settle, and these invokes may start each other for ever"
            case "time":
                r.advance("700ms")
            case "answer" | "failure" if not r.pending:
                return "nothing pending"
            case "answer":
                r.resolve(next(iter(r.pending)), 1)
            case "failure":
                r.reject(next(iter(r.pending)), RuntimeError("planned"))
            case "flag":
                flag = FLAGS[len(r.trace) % len(FLAGS)]
                r.ctx.flags[flag] = not r.ctx.flags[flag]
            case _:
                r.send(word)
    except (NotAccepted, Refused, InstanceEnded, UnhandledError) as known:
        return type(known).__name__
    except FsmError as other:
        return type(other).__name__
    return "done"


@profile
@given(charts, words)
def test_a_snapshot_is_the_same_after_text_and_after_a_restore(seed: int, events: list[str]) -> None:
    machine = _machine(seed)
    if machine is None:
        return
    r = machine.rehearse()
    for word in ["", *events]:
        if word:
            _act(r, word)
        kept = r.snapshot()
        text = kept.to_json()
        read = Snapshot.from_json(machine.__chart__, text)
        assert read == kept
        assert read.to_json() == text
        for again in (machine.rehearse(snapshot=kept), machine.rehearse(snapshot=text)):
            assert again.snapshot() == kept
            assert (again.configuration, again.active) == (r.configuration, r.active)
            assert (again.done, again.output, list(again.pending), again.now) == (
                r.done,
                r.output,
                list(r.pending),
                r.now,
            )


@profile
@given(charts, words, words)
def test_going_on_from_a_snapshot_is_going_on(seed: int, before: list[str], then: list[str]) -> None:
    machine = _machine(seed)
    if machine is None:
        return
    live = machine.rehearse()
    for word in before:
        _act(live, word)
    restored = machine.rehearse(snapshot=live.snapshot().to_json())
    past = len(live.trace)
    for word in then:
        if word == "flag":
            continue  # it depends on the length of the trace, which a snapshot does not keep
        assert _act(restored, word) == _act(live, word)
        assert restored.snapshot() == live.snapshot()
    assert [m.as_data() for m in restored.trace] == [m.as_data() for m in live.trace[past:]]


@profile
@given(charts, words)
def test_a_snapshot_is_a_value_that_later_turns_do_not_touch(seed: int, events: list[str]) -> None:
    machine = _machine(seed)
    if machine is None:
        return
    r = machine.rehearse()
    kept = r.snapshot()
    text = kept.to_json()
    for word in events:
        _act(r, word)
    assert kept.to_json() == text


@profile
@given(charts, words)
def test_a_turn_that_fails_changes_nothing_that_a_snapshot_keeps(seed: int, events: list[str]) -> None:
    machine = _machine(seed)
    if machine is None:
        return
    r = machine.rehearse()
    for word in events:
        r.ctx.fuel = FUEL
        before = r.snapshot()
        outcome = _act(r, word)
        if word in EVENTS and outcome != "done":
            assert r.snapshot() == before
