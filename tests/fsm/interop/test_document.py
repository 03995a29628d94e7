"""Machines that documents describe: read, run, written and read again."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsm import Context, Event, Signal, State, StateMachine, guard, on
from fsm.demo.order import Order
from fsm.errors import DefinitionError, FsmError, GuardFailed, Refused, UnhandledError
from fsm.interop.document_dialect import FIELDS
from fsm.interop.document_writer import functions_of
from tests.visualize import machines as gallery

DOCS = Path(__file__).parents[3] / "docs"

ORDER = """
name: Order
unhandled: defer
context:
  items: {type: array, items: string, default: []}
  amount: {type: integer, default: 0, minimum: 0}
  note: {type: [string, "null"], default: null}
initial: Open
states:
  - name: Open
    initial: Cart
    children:
      - Cart
      - name: Paying
        tags: busy
        invoke: {call: charge, timeout: 30s, done: {dest: Fulfil, before: keep}, failed: Cart}
      - {name: Last, history: shallow}
    transitions:
      - {trigger: cancel, dest: Cancelled}
      - {trigger: pause, dest: Paused}
  - Paused
  - name: Fulfil
    parallel:
      - {name: Pack, children: [Waiting, {name: Ready, final: true}]}
      - {name: Bill, children: [Unsent, {name: Sent, final: true}]}
  - {name: Shipped, final: true, output: {paid: ctx.amount, who: id}}
  - {name: Cancelled, final: true}
transitions:
  - trigger: pay
    source: Open.Cart
    dest: Open.Paying
    conditions: [event.data.amount > 0]
    unless: in_state("Fulfil")
    before: {assign: {amount: ctx.amount + event.data.amount}}
  - [go_on, Paused, Open.Last]
  - [packed, Fulfil.Pack.Waiting, Fulfil.Pack.Ready]
  - [{after: 1h}, Fulfil.Bill.Unsent, Fulfil.Bill.Sent]
  - [{all_done: true}, Fulfil, Shipped]
"""


def charge(self: Any) -> dict[str, str]:
    return {"id": "R-7"}


def keep(self: Any, ev: Signal) -> None:
    self.ctx.note = ev.data["id"]


class Paid(Event):
    amount: int


class Answered(Context):
    answer: int = 0


class Account(StateMachine[Answered, Paid]):
    class Poor(State, initial=True): ...

    class Rich(State): ...

    @guard
    def large(self, ev: Paid) -> bool:
        return ev.amount > 10

    @on(Paid, Poor, to=Rich, when=large)
    def add(self, ev: Paid) -> None:
        self.ctx.answer += ev.amount

    @on(Paid, Poor)
    def save(self, ev: Paid) -> None:
        self.ctx.answer += ev.amount


class Oracle(Protocol):
    async def answer(self, question: str) -> int: ...


class Wise:
    def answer(self, question: str) -> int:
        return 42


REGISTRY = {"charge": charge, "keep": keep}


def machine(text: str, registry: dict[str, Any] | None = None) -> type[StateMachine[Any, Any, Any]]:
    return StateMachine.from_chart(text, registry)


def test_a_document_makes_a_machine_that_runs() -> None:
    r = machine(ORDER, REGISTRY).rehearse()
    assert r.send("pay", amount=30).configuration == {"Open.Paying"}
    r.send("packed")
    assert r.settle().configuration == {"Fulfil.Pack.Ready", "Fulfil.Bill.Unsent"}
    r.advance("1h")
    assert r.output == {"paid": 30, "who": "rehearsal"}
    assert (r.ctx.amount, r.ctx.note) == (30, "R-7")


def test_a_failed_invoke_takes_its_edge() -> None:
    r = machine(ORDER, REGISTRY).rehearse()
    r.send("pay", amount=30)
    assert r.reject("charge", RuntimeError("no money")).configuration == {"Open.Cart"}


def test_history_leads_where_its_parent_was() -> None:
    r = machine(ORDER, REGISTRY).rehearse()
    r.send("pay", amount=1)
    assert r.send("pause").configuration == {"Paused"}
    assert r.send("go_on").configuration == {"Open.Paying"}


def test_conditions_refuse_and_a_condition_that_has_no_value_fails_the_turn() -> None:
    r = machine(ORDER, REGISTRY).rehearse()
    with pytest.raises(Refused, match=r"needs \[\(event.data.amount > 0\) and not \(in_state"):
        r.send("pay", amount=0)
    with pytest.raises(GuardFailed, match="Key not found in map"):
        r.send("pay")
    assert r.configuration == {"Open.Cart"}


def test_a_snapshot_goes_on_in_a_machine_made_of_the_same_data() -> None:
    made = machine(ORDER, REGISTRY)
    r = made.rehearse()
    r.send("pay", amount=30)
    again = machine(json.dumps(made.to_chart()), REGISTRY).rehearse(snapshot=r.snapshot().to_json())
    assert again.settle().configuration == {"Fulfil.Pack.Waiting", "Fulfil.Bill.Unsent"}


def test_actions_on_data_assign_raise_send_and_cancel() -> None:
    r = machine("""
name: Actions
context: {total: {type: number, default: 0}, seen: {type: array, items: string, default: []}}
states:
  - name: A
    on_exit: {assign: {seen: 'ctx.seen + ["left on " + event.name]'}}
  - name: B
    on_enter:
      - {assign: {total: ctx.total + 1.0}}
      - {raise: counted, data: {total: ctx.total, text: "'by ' + id"}}
      - {send: late, delay: 5s, id: reminder, data: [1, ctx.total]}
      - {send: told, to: "'other'", data: {at: now > timestamp("2019-01-01T00:00:00Z")}}
    transitions:
      - {trigger: counted, before: {assign: {seen: 'ctx.seen + [string(event.data.total), event.data.text]'}}}
      - {trigger: stop, before: {cancel: reminder}}
      - {trigger: late, dest: C, after: {assign: {total: "event.data[1] * 10.0"}}}
  - {name: C, final: true, output: ctx.total}
transitions: [[go, A, B]]
""").rehearse()
    assert r.send("go").configuration == {"B"}
    assert r.ctx.seen == ["left on go", "1", "by rehearsal"]
    assert [(s.to, s.event) for s in r.sent if s.to] == [
        ("other", Signal(name="told", data={"at": True}, origin="rehearsal"))
    ]
    snapshot = r.snapshot()
    assert r.advance("5s").output == 10.0
    again = r.machine.rehearse(snapshot=snapshot)  # type: ignore[attr-defined]
    again.send("stop")
    assert not again.advance("1h").done


def test_what_an_assignment_gives_is_checked_against_its_field() -> None:
    r = machine("""
name: Checked
context: {total: {type: integer, default: 0, maximum: 10}}
states: [A, {name: B}]
transitions:
  - {trigger: set, source: A, before: {assign: {total: event.data.to}}}
  - {trigger: [error.execution], source: A, dest: B}
""").rehearse()
    r.send("set", to=7)
    assert (r.ctx.total, r.configuration) == (7, {"A"})
    r.send("set", to="seven")
    assert (r.ctx.total, r.configuration) == (7, {"B"})


def test_an_error_that_nothing_handles_fails_the_turn_and_changes_nothing() -> None:
    r = machine("""
name: Unhandled
context: {total: {type: integer, default: 1}}
states: [A, B]
transitions: [{trigger: go, source: A, dest: B, before: {assign: {total: ctx.total / event.data.by}}}]
""").rehearse()
    with pytest.raises(UnhandledError, match=r"ExpressionFailed: .* has no value on 'go': divide by zero"):
        r.send("go", by=0)
    assert (r.configuration, r.ctx.total) == ({"A"}, 1)


def test_functions_get_the_event_class_that_they_ask_for() -> None:
    seen: list[Any] = []

    def plain(self: Any) -> None:
        seen.append(self.id)

    async def later(self: Any, ev: Paid) -> None:
        seen.append(ev)

    r = machine(
        "{name: Typed, states: [A], transitions: [{trigger: Paid, source: A, before: [plain, later]}]}",
        {"plain": plain, "later": later},
    ).rehearse()
    r.send("Paid", amount=3)
    assert seen == ["rehearsal", Paid(amount=3)]
    with pytest.raises(UnhandledError, match="validation error for Paid"):
        r.send("Paid", amount="much")


def test_services_and_contexts_are_found_by_name() -> None:
    async def ask(self: Any) -> None:
        self.ctx.answer = await self.oracle.answer("6 * 7")

    text = """
name: Asking
context: Answered
services: {oracle: Oracle}
states: [{name: A, on_enter: ask}]
"""
    r = machine(text, {"Answered": Answered, "Oracle": Oracle, "ask": ask}).rehearse(services={Oracle: Wise()})
    assert r.ctx.answer == 42


def test_two_readings_of_one_document_are_the_same_machine() -> None:
    made = machine(ORDER, REGISTRY)
    again = StateMachine.from_chart(made.to_chart(), REGISTRY)
    assert again.to_chart() == made.to_chart()
    assert again.__chart__.digest == made.__chart__.digest


def test_the_document_that_was_given_cannot_be_changed_later() -> None:
    data: dict[str, Any] = {"name": "Lamp", "states": ["Off", "On"], "transitions": [["press", "Off", "On"]]}
    made = StateMachine.from_chart(data)
    data["states"].append("Broken")
    made.to_chart()["states"].clear()
    assert made.to_chart()["states"] == ["Off", "On"]


CLASSES = [Order, gallery.Order, gallery.Loops, gallery.Fork, gallery.Regions, gallery.Ship, gallery.Deep]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_class_and_its_document_have_one_digest(cls: type[StateMachine[Any, Any, Any]]) -> None:
    data = json.loads(json.dumps(cls.to_chart()))
    again = StateMachine.from_chart(data, functions_of(cls.__chart__))
    assert again.__chart__.digest == cls.__chart__.digest
    assert again.__chart__.context.model_json_schema()["properties"].keys() == cls.__chart__.context.model_fields.keys()


def test_the_document_of_a_class_runs_with_its_functions() -> None:
    made = StateMachine.from_chart(Account.to_chart(), functions_of(Account.__chart__))
    ours, theirs = made.rehearse(), Account.rehearse()
    for amount in (3, 4, 50):
        assert ours.send("Paid", amount=amount).configuration == theirs.send(Paid(amount=amount)).configuration
    assert ours.ctx.answer == theirs.ctx.answer == 57
    assert ours.configuration == {"Rich"}


def test_the_schema_in_the_docs_is_the_schema_of_the_code() -> None:
    assert json.loads((DOCS / "chart.schema.json").read_text(encoding="utf-8")) == StateMachine.chart_schema()


# ---- whatever is given


NAMES = st.sampled_from(["A", "B", "C", "A.B", "go", "x", "", "*", "=", "Off", "\ud800", "after:", "é"])
TEXTS = st.sampled_from(["ctx.a", "ctx.a + 1", "event.data.x == 1", "in_state('A')", "1 +", "true", "ctx.zz", "now"])
FIELD_NAMES = st.sampled_from(sorted(FIELDS))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | NAMES | TEXTS | st.text(max_size=4)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD_NAMES | NAMES, inner, max_size=5),
    max_leaves=15,
)
KNOWN = dict.fromkeys(("go", "x", "A", "B"), charge)


def some(*required: tuple[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(dict(required), optional=optional)


GOOD = st.sampled_from(["A", "B", "C"])
CONDITIONS = st.sampled_from(["ctx.a > 1", "has(event.data.x)", "in_state('A')", {"in_state": "B"}, {"not": "go"}])
ACTIONS = st.sampled_from(
    [
        "go",
        {"assign": {"a": "ctx.a + 1"}},
        {"raise": "x", "data": "ctx.a"},
        {"send": "x", "delay": "1s"},
        {"cancel": "x"},
    ]
)
TRIGGERS = st.sampled_from(
    ["go", "x", "*", ["go", "x.*"], {"after": "1s"}, {"always": True}, {"all_done": True}, {"done": "x"}]
)
WAYS = some(("trigger", TRIGGERS), source=GOOD, dest=GOOD, conditions=CONDITIONS, unless=CONDITIONS, before=ACTIONS)
STATES = st.recursive(
    GOOD | some(("name", GOOD), final=st.just(True)) | some(("name", GOOD), invoke=st.just({"call": "x", "done": "A"})),
    lambda inner: (
        some(
            ("name", GOOD),
            children=st.lists(inner, max_size=3),
            on_enter=ACTIONS,
            transitions=st.lists(WAYS, max_size=2),
        )
        | some(("name", GOOD), ("parallel", st.lists(inner, min_size=1, max_size=2)), on_exit=ACTIONS)
        | some(("name", st.just("H")), history=st.sampled_from(["shallow", "deep"]), default=GOOD)
    ),
    max_leaves=5,
)
LIKELY = some(
    ("name", st.just("M")),
    ("states", st.lists(STATES, min_size=1, max_size=3, unique_by=lambda s: s if isinstance(s, str) else s["name"])),
    ("context", st.just({"a": {"type": "integer", "default": 0}})),
    transitions=st.lists(WAYS, max_size=4),
    unhandled=st.sampled_from(["raise", "ignore", "defer"]),
)
DOCUMENTS = JSON | st.dictionaries(FIELD_NAMES, JSON) | LIKELY


def swallow(data: Any) -> bool:
    """Whether data makes a machine; run for a while where it does."""
    try:
        made = StateMachine.from_chart(data, KNOWN)
    except DefinitionError:
        return False
    try:
        r = made.rehearse()
        for name in ("go", "x", "go"):
            with suppress(FsmError):
                r.send(name)
        r.advance("3s")
    except FsmError:
        pass
    assert StateMachine.from_chart(made.to_chart(), KNOWN).__chart__.digest == made.__chart__.digest
    return True


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(DOCUMENTS)
def test_any_data_gives_a_machine_or_a_definition_error(data: Any) -> None:
    swallow(data)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=40) | st.sampled_from([ORDER]).flatmap(lambda t: st.integers(0, len(t)).map(lambda n: t[:n])))
def test_any_text_gives_a_machine_or_a_definition_error(text: str) -> None:
    swallow(text)


@pytest.mark.long
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck))
@given(DOCUMENTS)
def test_any_data_for_long(data: Any) -> None:
    swallow(data)


def test_the_likely_documents_are_often_machines() -> None:
    found: list[bool] = []

    @settings(max_examples=100, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(LIKELY)
    def look(data: Any) -> None:
        found.append(swallow(data))

    look()
    assert sum(found) > 10, "the fuzz no longer reaches machines"
