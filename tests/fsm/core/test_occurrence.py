"""What a machine tells itself, as class machines and as machines made from data hear it."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import ActionFailed, Done, Event, Failed, Final, Signal, State, StateMachine, edge, invoke
from fsm.chart.chart import Chart
from fsm.chart.event import Problem
from fsm.chart.sketch import InvokeSketch, Sketch, StateSketch, machine_of
from fsm.chart.state import Kind
from fsm.core.occurrence import action_failed, error_of, invoke_done, invoke_failed, state_done


class Go(Event): ...


class Typed(StateMachine):
    class Open(State, initial=True):
        class In(State, initial=True): ...

        class End(Final): ...

    go = edge(Go, Open.In, to=Open.End)

    @invoke(Open, timeout="1s")
    async def work(self) -> int:
        return 1


TYPED: Chart = Typed.__chart__
_OPEN = StateSketch("Open", children=[StateSketch("In"), StateSketch("End", Kind.FINAL)])
NAMED: Chart = machine_of(
    Sketch("Named", StateSketch("", Kind.COMPOUND, [_OPEN]), invokes=[InvokeSketch("work", "Open")]), StateMachine
).__chart__

PROBLEM = Problem(kind="OSError", message="no paper", data={"tray": 2})


def test_a_state_that_is_done() -> None:
    assert state_done(TYPED, 1, 5) == ("done.state.Open", Done(data=5, source="Open"))
    assert state_done(NAMED, 1, 5) == ("done.state.Open", Signal(name="done.state.Open", data=5))


def test_an_invoke_that_answered() -> None:
    assert invoke_done(TYPED, TYPED.invokes[0], [1]) == ("done.invoke.work", Done(data=[1], source="work"))
    told = Signal(name="done.invoke.work", data=[1], invoke="work")
    assert invoke_done(NAMED, NAMED.invokes[0], [1]) == ("done.invoke.work", told)


def test_an_invoke_that_failed() -> None:
    assert invoke_failed(TYPED, TYPED.invokes[0], PROBLEM) == (
        "error.invoke.work",
        Failed(error=PROBLEM, source="work"),
    )
    data = {"kind": "OSError", "message": "no paper", "data": {"tray": 2}}
    told = Signal(name="error.invoke.work", data=data, invoke="work")
    assert invoke_failed(NAMED, NAMED.invokes[0], PROBLEM) == ("error.invoke.work", told)


def test_an_action_that_failed() -> None:
    assert action_failed(TYPED, "pay", PROBLEM) == (ActionFailed, ActionFailed(error=PROBLEM, source="pay"))
    key, event = action_failed(NAMED, "pay", PROBLEM)
    assert key == "error.execution"
    assert isinstance(event, Signal)
    assert event.data["source"] == "pay"


@pytest.mark.parametrize("chart", [TYPED, NAMED], ids=["typed", "named"])
def test_an_error_can_be_told_from_everything_else_again(chart: Chart) -> None:
    def plain(told: tuple[Problem, str] | None) -> tuple[str, str, str] | None:
        return None if told is None else (told[0].kind, told[0].message, told[1])

    assert plain(error_of(action_failed(chart, "pay", PROBLEM)[1])) == ("OSError", "no paper", "pay")
    assert plain(error_of(invoke_failed(chart, chart.invokes[0], PROBLEM)[1])) == ("OSError", "no paper", "work")
    assert error_of(state_done(chart, 1, None)[1]) is None
    assert error_of(invoke_done(chart, chart.invokes[0], PROBLEM.model_dump())[1]) is None


@pytest.mark.parametrize("data", [None, "text", 5, []])
def test_a_signal_that_only_sounds_like_an_error_is_none(data: Any) -> None:
    assert error_of(Signal(name="error.custom", data=data)) is None
    assert error_of(Signal(name="errors", data={"kind": "X"})) is None


def test_an_error_signal_without_details_is_named_after_itself() -> None:
    told = error_of(Signal(name="error.custom", data={}))
    assert told == (Problem(kind="error.custom", message=""), "error.custom")
