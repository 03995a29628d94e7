"""The way of a trigger: which callbacks run, in which order, with what, and what happens when one fails."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Context, StateMachine
from fsm.chart.event import Signal
from fsm.errors import GuardFailed, Refused, UnhandledError
from fsm.interop.transitions_passage import arguments
from fsm.testing.rehearsal import Rehearsal


class Seen(Context):
    seen: list[str] = []


def teller(log: list[str], name: str, fails: str = "") -> Any:
    """A callback that writes its name, and fails where it is told to."""

    def tell(*args: Any, **kwargs: Any) -> bool:
        log.append(name)
        if name == fails:
            raise ValueError(name)
        return True

    return tell


ROLES = ("prepare_event", "before_state_change", "after_state_change", "finalize_event")


def machine(log: list[str], fails: str = "", **settings: Any) -> Rehearsal[Any, Any, Any]:
    """Two states and one transition with every callback there is."""
    parts = ("prepare", "conditions", "before", "after")
    return StateMachine.from_transitions(
        [
            {"name": "a", "on_exit": [teller(log, "exit", fails)]},
            {"name": "b", "on_enter": [teller(log, "enter", fails)]},
        ],
        initial="a",
        transitions=[{"trigger": "go", "source": "a", "dest": "b", **{p: teller(log, p, fails) for p in parts}}],
        auto_transitions=False,
        **{role: teller(log, role, fails) for role in ROLES},
        **settings,
    ).rehearse()


def test_callbacks_run_in_the_order_of_transitions() -> None:
    log: list[str] = []
    machine(log).send("go")
    assert " ".join(log) == (
        "prepare_event prepare conditions before_state_change before exit enter after after_state_change finalize_event"
    )


@pytest.mark.parametrize("where", ["prepare_event", "prepare", "conditions", "before", "exit", "enter", "after"])
def test_a_failure_ends_the_turn_at_once_and_still_finalizes(where: str) -> None:
    log: list[str] = []
    rehearsal = machine(log, fails=where)
    early = where in ("prepare_event", "prepare", "conditions")
    with pytest.raises(GuardFailed if early else UnhandledError, match=f"failed on 'go' with ValueError: {where}"):
        rehearsal.send("go")
    assert log[log.index(where) :] == [where, "finalize_event"]
    assert rehearsal.configuration == {"a"}


def test_a_failing_finalize_fails_the_turn() -> None:
    rehearsal = machine([], fails="finalize_event")
    with pytest.raises(UnhandledError, match="finalize_event failed"):
        rehearsal.send("go")
    assert rehearsal.configuration == {"a"}


@pytest.mark.parametrize(
    ("where", "goes"),
    [("conditions", "refused"), ("before", "fails"), ("exit", "fails"), ("enter", "on"), ("after", "on")],
)
def test_on_exception_is_told_and_goes_on_where_nothing_has_to_be_taken_back(where: str, goes: str) -> None:
    log: list[str] = []
    rehearsal = machine(log, fails=where, on_exception=teller(log, "told"))
    match goes:
        case "refused":
            with pytest.raises(Refused):
                rehearsal.send("go")
        case "fails":
            with pytest.raises(UnhandledError):
                rehearsal.send("go")
        case _:
            assert rehearsal.send("go").configuration == {"b"}
    assert log[log.index(where) :] == [where, "told", "finalize_event"]


def test_a_refused_trigger_is_prepared_and_finalized_once() -> None:
    log: list[str] = []
    made = StateMachine.from_transitions(
        ["a", "b"],
        initial="a",
        transitions=[
            {"trigger": "go", "source": "a", "dest": "b", "unless": teller(log, "first")},
            {"trigger": "go", "source": "a", "dest": "b", "unless": teller(log, "second")},
        ],
        prepare_event=teller(log, "prepare_event"),
        finalize_event=teller(log, "finalize_event"),
    )
    rehearsal, event = made.rehearse(), Signal(name="go")
    for _ in range(2):  # the very same event again is a new trigger
        with pytest.raises(Refused):
            rehearsal.send(event)
        assert log == ["prepare_event", "first", "second", "finalize_event"]
        log.clear()


def test_what_a_callback_changed_before_a_refusal_or_a_failure_is_undone() -> None:
    class Model:
        seen: list[str]

        def note(self) -> None:
            self.seen.append("x")

        def fails(self) -> None:
            raise ValueError("no")

    made = StateMachine.from_transitions(
        ["a", "b"],
        initial="a",
        transitions=[
            {"trigger": "no", "source": "a", "dest": "b", "prepare": "note", "unless": lambda: True},
            {"trigger": "bad", "source": "a", "dest": "b", "prepare": "note", "after": ["note", "fails"]},
            {"trigger": "good", "source": "a", "dest": "b", "prepare": "note", "after": "note"},
        ],
        model=Model,
        context=Seen,
    )
    rehearsal = made.rehearse()
    assert rehearsal.ctx.seen == []
    with pytest.raises(Refused):
        rehearsal.send("no")
    with pytest.raises(UnhandledError):
        rehearsal.send("bad")
    assert rehearsal.ctx.seen == []
    rehearsal.send("good")
    assert rehearsal.ctx.seen == ["x", "x"]


def test_internal_transitions_run_before_and_after_and_leave_nothing() -> None:
    log: list[str] = []
    made = StateMachine.from_transitions(
        [{"name": "a", "on_exit": teller(log, "exit"), "on_enter": teller(log, "enter")}],
        initial="a",
        transitions=[
            {"trigger": "go", "source": "a", "dest": None, "before": teller(log, "b"), "after": teller(log, "a")}
        ],
    )
    made.rehearse().send("go")
    assert log == ["b", "a"]


def test_nothing_runs_at_the_start_and_at_a_cancel() -> None:
    log: list[str] = []
    states = [{"name": "a", "on_enter": teller(log, "enter"), "on_exit": teller(log, "exit")}]
    StateMachine.from_transitions(states, initial="a").rehearse().cancel()
    assert log == []


def test_payloads_become_arguments() -> None:
    assert arguments(None) == ((), {})
    assert arguments({"a": 1, "*": [2]}) == ((2,), {"a": 1})
    assert arguments([1, 2]) == ((1, 2), {})
    assert arguments("x") == (("x",), {})
    told: list[Any] = []
    made = StateMachine.from_transitions(
        ["a"],
        initial="a",
        transitions=[{"trigger": "go", "source": "a", "dest": "=", "after": lambda *a: told.append(a)}],
    )
    made.rehearse().send(Signal(name="go", data=[1, 2]))
    assert told == [(1, 2)]
