"""Signals on their way to text and back: nothing of them is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm import Event, Signal, StateMachine
from fsm.chart.sketch import Sketch, StateSketch, machine_of
from fsm.chart.state import Kind
from fsm.core.signals import SignalCodec
from fsm.core.table import codec_of
from fsm.errors import EventInvalid

MACHINE = machine_of(Sketch("Drawn", StateSketch("", Kind.COMPOUND, [StateSketch("a")])), StateMachine)
CODEC = codec_of(MACHINE)

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just("$"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, derandomize=True, database=None)
@given(anything, st.text(max_size=3), st.text(max_size=3), st.text(max_size=3))
def test_every_signal_comes_back_as_it_was(data: Any, sendid: str, origin: str, invoke: str) -> None:
    event = Signal(name="pay", data=data, sendid=sendid, origin=origin, invoke=invoke)
    assert CODEC.decode_event("pay", CODEC.encode_event(event)) == event


def test_a_machine_made_from_data_has_the_codec_for_signals() -> None:
    assert isinstance(CODEC, SignalCodec)


def test_what_a_person_writes_as_payload_is_the_data() -> None:
    assert CODEC.decode_event("pay", '{"amount": 3}') == Signal(name="pay", data={"amount": 3})
    assert CODEC.decode_event("pay", "[1]") == Signal(name="pay", data=[1])
    assert CODEC.decode_event("pay", "{}") == CODEC.make_event("pay", {}) == Signal(name="pay")


@pytest.mark.parametrize("payload", ["", "{", "nonsense", "{'a': 1}"])
def test_a_payload_that_is_no_json_is_refused(payload: str) -> None:
    with pytest.raises(EventInvalid, match=r"Drawn: the payload of event 'pay' is not JSON: .*Nothing was written"):
        CODEC.decode_event("pay", payload)


@pytest.mark.parametrize("name", ["", "(always)", "done(x)"])
def test_a_name_that_no_event_can_have_is_refused(name: str) -> None:
    with pytest.raises(EventInvalid, match="is not the name of an event"):
        CODEC.make_event(name, {})


@pytest.mark.parametrize("event", ["pay", 5, None, Event()])
def test_what_is_no_signal_is_refused_with_the_fix(event: object) -> None:
    with pytest.raises(
        EventInvalid, match=r"is not an event of this machine.*send a name with a payload, or fsm\.Signal"
    ):
        CODEC.check_event(event)


def test_the_failure_of_a_child_of_either_kind_is_heard_alike() -> None:
    problem = {"kind": "Cancelled", "message": "gone", "data": None}
    by_class = CODEC.failed("error.invoke.kid", json.dumps({"error": problem, "source": "kid"}))
    by_data = CODEC.failed("error.invoke.kid", json.dumps({"$": {"invoke": "kid"}, "data": problem}))
    assert by_class == by_data == Signal(name="error.invoke.kid", data=problem, invoke="kid")


def test_a_signal_that_the_journal_kept_is_read_again() -> None:
    assert CODEC.restore_event("", "{}") == Signal(name="start")
    assert CODEC.restore_event("pay", '{"n":1}') == Signal(name="pay", data={"n": 1})
