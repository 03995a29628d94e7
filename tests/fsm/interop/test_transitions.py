"""Machines of `transitions` made durable: what owners of such machines write, and what comes of it."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from transitions import Machine
from transitions.extensions import AsyncMachine, HierarchicalGraphMachine, HierarchicalMachine, LockedMachine
from transitions.extensions import states as features
from transitions.extensions.states import Tags, Timeout, add_state_features

from fsm import Context, StateMachine
from fsm.errors import DefinitionError, GuardFailed, NotAccepted, Refused, UnhandledError


class Cart(Context):
    total: int = 0
    seen: list[str] = []


class Order:
    """A model as people have it: methods, a property, a trigger called in a callback."""

    def __init__(self) -> None:
        self.limit = 10

    total: int
    seen: list[str]
    state: str

    @property
    def double(self) -> int:
        return self.total * 2

    def affordable(self, amount: int) -> bool:
        return amount <= self.limit

    def add(self, amount: int) -> None:
        self.total += amount
        self.seen.append(f"{self.state} {self.double}")

    def pack(self, **payload: Any) -> None:
        self.ship()  # type: ignore[attr-defined]

    def on_enter_shipped(self) -> None:
        self.seen.append(self.state)


def order(**settings: Any) -> Machine:
    return Machine(
        Order(),
        states=["cart", "paid", "shipped"],
        initial="cart",
        transitions=[
            {
                "trigger": "pay",
                "source": "cart",
                "dest": "paid",
                "conditions": "affordable",
                "before": "add",
                "after": "pack",
            },
            ["ship", "paid", "shipped"],
        ],
        **settings,
    )


def test_a_flat_machine_with_a_model_moves_and_keeps_its_data_in_the_context() -> None:
    rehearsal = StateMachine.from_transitions(order(), context=Cart).rehearse(Cart(total=1))
    step = rehearsal.send("pay", amount=5)
    assert step.transitions == ("pay", "ship")
    assert rehearsal.ctx == Cart(total=6, seen=["cart 12", "shipped"])
    assert StateMachine.from_transitions(order(), context=Cart).__chart__.name == "Order"


def test_a_false_condition_refuses_and_an_event_without_transition_is_not_accepted() -> None:
    rehearsal = StateMachine.from_transitions(order(), context=Cart).rehearse()
    with pytest.raises(Refused, match=r"pay needs \[affordable\]"):
        rehearsal.send("pay", amount=50)
    with pytest.raises(NotAccepted):
        rehearsal.send("ship")
    assert rehearsal.configuration == {"cart"}
    assert rehearsal.ctx == Cart()


def test_auto_transitions_come_along_and_stay_away_as_the_machine_says() -> None:
    assert StateMachine.from_transitions(order(), context=Cart).rehearse().send("to_shipped").configuration == {
        "shipped"
    }
    with pytest.raises(NotAccepted):
        StateMachine.from_transitions(order(auto_transitions=False), context=Cart).rehearse().send("to_shipped")


def test_settings_are_taken_like_a_machine() -> None:
    settings = {"states": ["a", "b"], "transitions": [["go", "a", "b"]], "initial": "a", "name": "Ab"}
    apart = StateMachine.from_transitions(["a", "b"], transitions=[["go", "a", "b"]], initial="a")
    for made in (StateMachine.from_transitions(settings), apart):
        assert made.rehearse().send("go").configuration == {"b"}
    assert StateMachine.from_transitions(settings).__chart__.name == "Ab"
    assert settings["states"] == ["a", "b"]


def test_a_markup_is_taken_like_settings() -> None:
    machine = HierarchicalGraphMachine(
        states=["a", {"name": "b", "children": ["x", "y"], "initial": "x"}],
        transitions=[["go", "a", "b"], ["go", "b_x", "b_y"]],
        initial="a",
        auto_transitions=False,
        graph_engine="mermaid",
    )
    made = StateMachine.from_transitions(machine.markup)
    rehearsal = made.rehearse()
    assert [rehearsal.send("go").configuration for _ in range(2)] == [{"b_x"}, {"b_y"}]


@pytest.mark.parametrize("kind", [Machine, HierarchicalMachine, LockedMachine, AsyncMachine])
def test_every_kind_of_machine_is_taken(kind: Any) -> None:
    machine = kind(model=None, states=["a", "b"], transitions=[["go", "a", "b"]], initial="a")
    assert StateMachine.from_transitions(machine).rehearse().send("go").configuration == {"b"}


def test_enums_are_states_and_what_the_model_says() -> None:
    class Light(enum.Enum):
        RED = 1
        GREEN = 2

    class Model:
        told: list[Any] = []

        def on_enter_GREEN(self) -> None:
            self.told.append((self.state, self.is_GREEN(), self.may_go(), self.may_stop()))  # type: ignore[attr-defined]

    machine = Machine(
        Model(),
        states=Light,
        initial=Light.RED,
        transitions=[{"trigger": "go", "source": Light.RED, "dest": Light.GREEN}],
    )
    machine.add_transition("stop", Light.GREEN, "=")
    assert StateMachine.from_transitions(machine).rehearse().send("go").configuration == {"GREEN"}
    assert Model.told == [(Light.GREEN, True, False, True)]


def test_a_reused_machine_brings_its_transitions_and_remapped_states_lead_out() -> None:
    counter = HierarchicalMachine(
        states=["1", "2", "done"],
        initial="1",
        transitions=[["increase", "1", "2"], ["done", "2", "done"], ["reset", "*", "1"]],
    )
    made = StateMachine.from_transitions(
        ["waiting", {"name": "counting", "children": counter, "remap": {"done": "waiting"}}],
        initial="waiting",
        transitions=[["count", "waiting", "counting"]],
    )
    rehearsal = made.rehearse()
    walk = [set(rehearsal.send(e).configuration) for e in ("count", "increase", "reset", "increase", "done")]
    assert walk == [{"counting_1"}, {"counting_2"}, {"counting_1"}, {"counting_2"}, {"waiting"}]


def test_a_composite_without_initial_can_be_active_alone() -> None:
    made = StateMachine.from_transitions(
        ["standing", {"name": "caffeinated", "children": ["dithering", "running"]}],
        initial="standing",
        transitions=[["drink", "*", "caffeinated"], ["walk", "caffeinated", "caffeinated_running"]],
    )
    rehearsal = made.rehearse()
    assert rehearsal.send("drink").configuration == {"caffeinated"}
    assert rehearsal.send("walk").configuration == {"caffeinated_running"}
    assert made.rehearse(snapshot=rehearsal.snapshot().to_json()).configuration == {"caffeinated_running"}


def test_all_regions_of_a_parallel_state_are_active() -> None:
    made = StateMachine.from_transitions(
        ["a", {"name": "p", "parallel": [{"name": "x", "children": ["1", "2"], "initial": "1"}, "y"]}],
        initial="a",
        transitions=[["go", "a", "p"], ["next", "p_x_1", "p_x_2"], ["back", "p", "a"]],
    )
    rehearsal = made.rehearse()
    walk = [set(rehearsal.send(e).configuration) for e in ("go", "next", "back")]
    assert walk == [{"p_x_1", "p_y"}, {"p_x_2", "p_y"}, {"a"}]


def test_ordered_transitions_go_round() -> None:
    machine = Machine(states=["a", "b", "c"], initial="a", ordered_transitions=True)
    rehearsal = StateMachine.from_transitions(machine).rehearse()
    assert [set(rehearsal.send("next_state").configuration) for _ in range(3)] == [{"b"}, {"c"}, {"a"}]


def test_send_event_hands_over_event_data() -> None:
    told: list[Any] = []

    class Model:
        def note(self, event: Any) -> None:
            told.append((event.state.name, event.event.name, event.transition.dest, event.kwargs, event.model.state))

    machine = Machine(
        Model(), states=["a", "b"], initial="a", send_event=True,
        transitions=[{"trigger": "go", "source": "a", "dest": "b", "before": "note", "after": "note"}],
    )  # fmt: skip
    StateMachine.from_transitions(machine).rehearse().send("go", amount=1)
    assert told == [("a", "go", "b", {"amount": 1}, "a"), ("b", "go", "b", {"amount": 1}, "b")]


def test_a_timeout_is_a_timer() -> None:
    class Model:
        def late(self) -> None:
            self.fail()  # type: ignore[attr-defined]

    @add_state_features(Timeout, Tags)
    class Timed(Machine):
        pass

    machine = Timed(
        Model(),
        states=["a", {"name": "waits", "timeout": 5, "on_timeout": "late", "tags": ["busy"]}, "failed"],
        initial="a",
        transitions=[["go", "a", "waits"], ["fail", "waits", "failed"]],
    )
    made = StateMachine.from_transitions(machine)
    rehearsal = made.rehearse()
    rehearsal.send("go")
    assert rehearsal.advance("4s").configuration == {"waits"}
    assert rehearsal.advance("2s").configuration == {"failed"}
    assert made.__chart__.nodes[2].tags == {"busy"}


@pytest.mark.parametrize(("on_state", "answers"), [(True, False), (None, True)])
def test_invalid_triggers_are_ignored_where_the_machine_says_so(on_state: bool | None, answers: bool) -> None:
    made = StateMachine.from_transitions(
        [{"name": "a", "ignore_invalid_triggers": on_state}, "b"],
        initial="a",
        transitions=[["back", "b", "a"]],
        auto_transitions=False,
    )
    rehearsal = made.rehearse()
    if answers:
        with pytest.raises(NotAccepted):
            rehearsal.send("back")
    else:
        assert rehearsal.send("back").configuration == {"a"}
    everywhere = StateMachine.from_transitions(
        ["a", "b"], initial="a", transitions=[["back", "b", "a"]], ignore_invalid_triggers=True
    )
    assert everywhere.rehearse().send("back").configuration == {"a"}


def test_a_final_state_without_a_way_out_ends_the_machine_and_any_other_does_not() -> None:
    states = ["a", {"name": "end", "final": True}]
    ends = StateMachine.from_transitions(states, initial="a", transitions=[["go", "a", "end"]]).rehearse()
    ends.send("go")
    assert ends.done
    back = [["go", "a", "end"], ["back", "end", "a"]]
    goes_on = StateMachine.from_transitions(states, initial="a", transitions=back).rehearse()
    goes_on.send("go")
    assert not goes_on.done
    assert goes_on.send("back").configuration == {"a"}


def test_a_machine_that_is_its_own_model_is_taken_with_its_methods() -> None:
    class Lamp(Machine):
        def __init__(self) -> None:
            super().__init__(states=["off", "on"], initial="off", auto_transitions=False)
            self.add_transition("press", "off", "on", conditions=self.is_dark)
            self.add_transition("press", "on", "off")

        def is_dark(self) -> bool:
            return bool(self.is_off())

    rehearsal = StateMachine.from_transitions(Lamp()).rehearse()
    assert [set(rehearsal.send("press").configuration) for _ in range(2)] == [{"on"}, {"off"}]


def test_a_failing_callback_fails_the_turn_and_undoes_it() -> None:
    def broken() -> None:
        raise ValueError("no paper")

    for role, error in (("before", UnhandledError), ("after", UnhandledError), ("conditions", GuardFailed)):
        made = StateMachine.from_transitions(
            ["a", "b"], initial="a", transitions=[{"trigger": "go", "source": "a", "dest": "b", role: broken}]
        )
        rehearsal = made.rehearse()
        with pytest.raises(
            error, match=f"{role} of transition 'go' from a to b failed on 'go' with ValueError: no paper"
        ):
            rehearsal.send("go")
        assert rehearsal.configuration == {"a"}


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (
            {"states": ["a", "b"], "transitions": [["go", "a", "bb"]]},
            "dest of transition 'go' from a to bb: there is no",
        ),
        ({"states": ["cart", "b"], "transitions": [["go", "carts", "b"]]}, "no state 'carts'; did you mean 'cart'"),
        (
            {"states": ["a"], "transitions": [{"trigger": "go", "source": "a", "dest": "a", "after": "x"}]},
            "after of .*'x'",
        ),
        ({"states": ["a"], "stats": 1}, r"stats \(states\?\): no setting"),
        ({"states": [{"name": "a", "colour": 1}]}, "transitions does not understand the definition: TypeError"),
        (3, "int is not a machine of transitions"),
        (
            {"states": [{"name": "p", "children": ["x", "y", "z"], "initial": ["x", "y"]}]},
            "it enters x, y at once, and never p_z",
        ),
        (
            {"states": [{"name": "p", "parallel": ["x", "y"]}], "transitions": [["go", "p", "p_x"]]},
            "p_x is a region, which cannot be left and entered alone",
        ),
    ],
)
def test_what_cannot_be_carried_is_refused_with_its_reason(definition: Any, told: str) -> None:
    if isinstance(definition, dict):
        first = definition["states"][0]
        definition = {"initial": first if isinstance(first, str) else first["name"], **definition}
    with pytest.raises(DefinitionError, match=told):
        StateMachine.from_transitions(definition)


def test_code_that_replaces_the_algorithm_is_refused() -> None:
    @add_state_features(getattr(features, "Retry"))  # noqa: B009  # the stubs have forgotten it
    class Retrying(Machine):
        def callback(self, func: Any, event_data: Any) -> None: ...

    machine = Retrying(model=None, states=[{"name": "a", "retries": 1, "on_failure": "x"}], initial="a")
    with pytest.raises(DefinitionError) as refused:
        StateMachine.from_transitions(machine)
    assert [p.split(":")[0] for p in refused.value.problems] == ["the machine", "state 'a'"]


def test_several_models_need_a_choice() -> None:
    machine = Machine([Order(), Order()], states=["a"], initial="a")
    with pytest.raises(DefinitionError, match="2 models; say which: model="):
        StateMachine.from_transitions(machine)
    assert StateMachine.from_transitions(machine, model=Order, context=Cart).rehearse().configuration == {"a"}
