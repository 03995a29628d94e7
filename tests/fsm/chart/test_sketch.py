"""Machines described by values: what they become, and every way in which a description is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import Context, Signal, StateMachine
from fsm.chart.chart import Handler, Trigger
from fsm.chart.guard import InState
from fsm.chart.sketch import InvokeSketch, Sketch, StateSketch, TransitionSketch, machine_of
from fsm.chart.state import Kind
from fsm.errors import DefinitionError, NotAccepted

GO, BACK = Trigger("event", names=("go",)), Trigger("event", names=("back", "home.*"))


class Log(Context):
    """What happened."""

    seen: list[str] = []


def note(word: str) -> Handler:
    """Content that writes a word down."""

    def write(machine: Any, event: Any) -> None:
        machine.ctx.seen.append(word)

    return Handler(word, write, write)


def sketch(*states: StateSketch, edges: tuple[TransitionSketch, ...] = (), **more: Any) -> Sketch:
    """A machine of these states."""
    more.setdefault("context", Log)
    return Sketch("Drawn", StateSketch("", Kind.COMPOUND, list(states)), list(edges), **more)


def made(
    *states: StateSketch, edges: tuple[TransitionSketch, ...] = (), **more: Any
) -> type[StateMachine[Any, Any, Any]]:
    """The class of a machine of these states."""
    return machine_of(sketch(*states, edges=edges, **more), StateMachine)


def test_a_sketch_becomes_a_machine_like_any_other() -> None:
    on = StateSketch(
        "on",
        children=[StateSketch("slow"), StateSketch("fast"), StateSketch("last", Kind.HISTORY, default=("fast",))],
        entry=(note("+on"),),
        exit=(note("-on"),),
        tags=frozenset({"busy"}),
    )
    machine = made(
        StateSketch("off"),
        on,
        edges=(
            TransitionSketch("off", GO, ("last",), actions=(note("go"),)),
            TransitionSketch("on", BACK, ("off",), name="back"),
        ),
        version="3",
        doc="A lamp.",
    )
    assert (machine.__name__, machine.__doc__, machine.__chart__.version) == ("Drawn", "A lamp.", "3")
    assert issubclass(machine, StateMachine)
    r = machine.rehearse()
    assert r.configuration == {"off"}, "the first state, where nothing is marked"
    assert r.send("go").configuration == {"fast"}
    assert r.active == {"on", "fast"}
    assert r.send("home.now").transitions == ("back",)
    assert r.ctx.seen == ["go", "+on", "-on"]
    with pytest.raises(NotAccepted, match=r"no edge for 'home' in \{off\}\. Accepted here: go\."):
        r.send("home")


def test_its_ids_need_not_be_paths_and_its_initial_states_may_lie_deep() -> None:
    both = StateSketch(
        "both",
        Kind.PARALLEL,
        [
            StateSketch("l", children=[StateSketch("l1"), StateSketch("l2")]),
            StateSketch("r", children=[StateSketch("r1"), StateSketch("r2")]),
        ],
    )
    root = StateSketch(
        "", Kind.COMPOUND, [StateSketch("off"), both], initial=("l2", "r2"), initial_actions=(note("i"),)
    )
    machine = machine_of(Sketch("Deep", root, context=Log), StateMachine)
    r = machine.rehearse()
    assert (r.configuration, r.ctx.seen) == ({"l2", "r2"}, ["i"])
    assert machine.rehearse(snapshot=r.snapshot().to_json()).snapshot() == r.snapshot()


def test_a_guard_may_name_a_state_by_its_id() -> None:
    edges = (TransitionSketch("", GO, ("b",), guard=InState("a")),)
    r = made(StateSketch("a"), StateSketch("b"), edges=edges).rehearse()
    assert r.send("go").configuration == {"b"}
    assert not r.can("go")


def test_it_may_extend_a_class_and_carry_attributes() -> None:
    class Mine(StateMachine[Any, Any, Any], abstract=True):
        """A kind of machine."""

    machine = machine_of(sketch(StateSketch("a")), Mine, text="xyz")
    assert issubclass(machine, Mine)
    assert (machine.text, machine.__module__) == ("xyz", __name__)  # type: ignore[attr-defined]


def test_equal_sketches_have_equal_digests_and_another_shape_has_another() -> None:
    edge = TransitionSketch("a", GO, ("b",))
    one, two = (made(StateSketch("a"), StateSketch("b"), edges=(edge,)) for _ in range(2))
    three = made(StateSketch("a"), StateSketch("b"))
    assert one.__chart__.digest == two.__chart__.digest != three.__chart__.digest


PARALLEL = [StateSketch("x"), StateSketch("y", Kind.FINAL)]

WRONG: dict[str, tuple[Sketch, str]] = {
    "no states": (sketch(), "the machine has no states; give it at least one"),
    "an id twice": (
        sketch(StateSketch("a"), StateSketch("a", where="chart:7")),
        "chart:7: state 'a': there are two; give one of them another id",
    ),
    "an unknown source": (
        sketch(StateSketch("a"), edges=(TransitionSketch("b", GO, where="chart:9"),)),
        "chart:9: source 'b': there is no such state; the states are a",
    ),
    "an unknown target": (
        sketch(StateSketch("a"), edges=(TransitionSketch("a", GO, ("b",)),)),
        "target 'b': there is no such state; the states are a",
    ),
    "an unknown state in a guard": (
        sketch(StateSketch("a"), edges=(TransitionSketch("a", GO, ("a",), guard=~InState("z")),)),
        "in_state 'z': there is no such state",
    ),
    "an unknown initial state": (sketch(StateSketch("a", children=[StateSketch("b")], initial=("c",))), "initial 'c'"),
    "an initial state elsewhere": (
        sketch(StateSketch("a", children=[StateSketch("b")], initial=("d",)), StateSketch("d")),
        "state 'a': 'd' lies outside of it; name one of its own descendants",
    ),
    "a history default elsewhere": (
        sketch(
            StateSketch("a", children=[StateSketch("b"), StateSketch("h", Kind.HISTORY, default=("d",))]),
            StateSketch("d"),
        ),
        "state 'h': 'd' lies outside of it",
    ),
    "a parallel without regions": (
        sketch(StateSketch("p", Kind.PARALLEL)),
        "state 'p': a parallel state without regions",
    ),
    "a final region": (
        sketch(StateSketch("p", Kind.PARALLEL, PARALLEL)),
        "state 'p': a region cannot be a final state",
    ),
    "a final state with children": (
        sketch(StateSketch("f", Kind.FINAL, [StateSketch("x")])),
        "state 'f': a final state has no children",
    ),
    "a choice": (
        sketch(StateSketch("c", Kind.CHOICE)),
        "state 'c': nothing decides a choice here; use eventless transitions",
    ),
    "an invoke of nothing": (
        sketch(StateSketch("a"), invokes=[InvokeSketch("i", "b", where="chart:3")]),
        "chart:3: invoke 'b': there is no such state",
    ),
    "an invoke twice": (
        sketch(StateSketch("a"), invokes=[InvokeSketch("i", "a"), InvokeSketch("i", "a")]),
        "invoke 'i': there are two; give one of them another id",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_sketch_is_refused_with_its_fix(what: str) -> None:
    drawn, text = WRONG[what]
    with pytest.raises(DefinitionError) as caught:
        machine_of(drawn, StateMachine)
    assert len(caught.value.problems) == 1
    assert text in caught.value.problems[0]


def test_all_that_is_wrong_is_told_at_once() -> None:
    edges = (TransitionSketch("x", GO, ("y", "z")),)
    with pytest.raises(DefinitionError) as caught:
        made(StateSketch("a"), edges=edges)
    assert [p.split(":")[0] for p in caught.value.problems] == ["source 'x'", "target 'y'", "target 'z'"]


def test_its_events_are_signals_with_any_payload() -> None:
    def keep(machine: Any, event: Signal) -> None:
        machine.ctx.seen.append(repr(event.data))

    edges = (TransitionSketch("", Trigger("event", names=("*",)), actions=(Handler("keep", keep, keep),)),)
    r = made(StateSketch("a"), edges=edges).rehearse()
    r.send("anything.at.all", n=1)
    r.send(Signal(name="other", data=[1, None]))
    r.send(Signal(name="empty"))
    assert r.ctx.seen == ["{'n': 1}", "[1, None]", "None"]
