"""A rehearsal: the machine of the product description, run in memory as that description says."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import anyio
import pytest

from fsm import (
    ActionFailed,
    Context,
    Done,
    Event,
    Failed,
    Final,
    History,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    always,
    edge,
    guard,
    invoke,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.errors import (
    CallFailed,
    ContextInvalid,
    EventInvalid,
    FormInvalid,
    FsmError,
    GuardFailed,
    HandlerMisuse,
    InstanceEnded,
    MicrostepsExceeded,
    NotAccepted,
    NothingPending,
    Refused,
    RehearsalSuspended,
    ServiceInvalid,
    ServiceMissing,
    SnapshotCorrupted,
    SnapshotNewer,
    UnhandledError,
    UnknownEvent,
)
from fsm.people import human
from fsm.testing.rehearsal import EPOCH
from tests.fsm.chart.refusal import odd
from tests.typing.accept import Cancel, Order, OrderData, Packed, Pay, Payments, Receipt


class FakePayments:
    def __init__(self) -> None:
        self.charged: list[int] = []

    async def charge(self, amount: int) -> Receipt:
        self.charged.append(amount)
        return Receipt(id=f"r{amount}")


def order(**keywords: Any) -> Any:
    return Order.rehearse(OrderData(items=["book"]), services={Payments: FakePayments()}, **keywords)


# ---- the block of the product description


def test_every_line_of_the_product_description() -> None:
    r = order()
    step = r.send(Pay(amount=30))
    assert (step.event, step.transitions, step.seq, step.done) == ("Pay", ("remember",), 2, False)
    assert r.configuration == step.configuration == {"Open.Paying"}
    assert r.active == {"Open", "Open.Paying"}
    assert (r.ctx.amount, r.done, r.output) == (30, False, None)
    assert r.pending == ("charge",)
    r.settle()
    assert r.configuration == {"Fulfil.Pack.Waiting", "Fulfil.Bill.Unsent"}
    assert r.ctx.receipt == Receipt(id="r30")
    assert r.now == EPOCH, "no time passes"
    r.advance("15m")
    assert r.now == EPOCH + timedelta(minutes=15)
    assert r.configuration == {"Fulfil.Pack.Waiting", "Fulfil.Bill.Unsent"}
    again = Order.rehearse(snapshot=r.snapshot())
    again.advance("45m")
    assert again.configuration == {"Fulfil.Pack.Waiting", "Fulfil.Bill.Sent"}
    again.send("Packed")
    assert (again.done, again.status, again.configuration) == (True, "done", {"Shipped"})
    assert r.configuration == {"Fulfil.Pack.Waiting", "Fulfil.Bill.Unsent"}, "the first one goes its own way"


def test_a_pending_invoke_is_answered_by_hand() -> None:
    r = order()
    r.send(Pay(amount=30))
    assert r.resolve("charge", Receipt(id="by hand")).transitions == ("keep",)
    assert r.ctx.receipt == Receipt(id="by hand")
    r = order()
    r.send(Pay(amount=30))
    assert r.reject("charge", RuntimeError("declined")).transitions == ("forget",)
    assert (r.configuration, r.ctx.amount) == ({"Open.Cart"}, 0)


def test_answering_what_is_not_pending_names_what_is() -> None:
    r = order()
    with pytest.raises(NothingPending, match=r"Order: no pending invoke 'charge'. Pending now: none."):
        r.resolve("charge", Receipt(id="x"))
    r.send(Pay(amount=1))
    with pytest.raises(NothingPending, match=r"no pending invoke 'other'. Pending now: charge."):
        r.reject("other", RuntimeError())
    assert r.pending == ("charge",)


def test_an_event_is_sent_by_its_name() -> None:
    r = order()
    assert r.send("Pay", amount="30").event == "Pay"
    assert r.ctx.amount == 30


def test_a_wrong_name_lists_the_events() -> None:
    with pytest.raises(UnknownEvent, match=r"Order: no event 'Pai'. Events of this machine: Cancel, Packed, Pay.") as e:
        order().send("Pai", amount=3)
    assert e.value.event == "Pai"


@pytest.mark.parametrize("payload", [{}, {"amount": "much"}, {"amount": 1, "more": 2}, {"amout": 1}])
def test_a_wrong_payload_names_the_field(payload: dict[str, Any]) -> None:
    r = order()
    with pytest.raises(EventInvalid, match=r"Order: event 'Pay' does not validate: (amount|more|amout)"):
        r.send("Pay", **payload)
    assert (r.configuration, r.snapshot().seq) == ({"Open.Cart"}, 1)


@pytest.mark.parametrize("event", [3, None, Pay, b"Pay", {"amount": 3}])
def test_what_is_not_an_event_is_refused(event: Any) -> None:
    with pytest.raises(EventInvalid, match=r"is not an event; pass an instance of a subclass of fsm\.Event"):
        order().send(event)


class Stranger(Event): ...


@pytest.mark.parametrize("event", [Stranger(), Done(data=1), Failed(error=odd({"kind": "x", "message": "y"}))])
def test_an_event_outside_the_alphabet_is_refused(event: Event) -> None:
    with pytest.raises(UnknownEvent, match=r"is not in its alphabet. Events of this machine: Cancel, Packed, Pay."):
        order().send(event)


def test_an_event_without_an_edge_is_not_accepted() -> None:
    text = r"Order 'rehearsal': no edge for 'Packed' in \{Open.Cart\}. Accepted here: Cancel, Pay. Add an edge, or give"
    with pytest.raises(NotAccepted, match=text):
        order().send(Packed())


def test_an_event_whose_guards_are_all_false_is_refused() -> None:
    r = Order.rehearse(OrderData())
    text = r"Order 'rehearsal': 'Pay' refused in \{Open.Cart\}: remember needs \[has_items and not in Fulfil\]"
    with pytest.raises(Refused, match=text):
        r.send(Pay(amount=3))
    r.ctx.items.append("book")
    assert r.send(Pay(amount=3)).transitions == ("remember",)


def test_an_ended_machine_takes_no_events() -> None:
    r = order()
    r.send(Cancel())
    with pytest.raises(InstanceEnded, match=r"Order 'rehearsal' is done in \['Cancelled'\]"):
        r.send(Cancel())


def test_a_cancelled_machine_takes_no_events() -> None:
    r = order()
    r.cancel()
    assert r.status == "cancelled"
    with pytest.raises(InstanceEnded, match="is cancelled"):
        r.send(Cancel())


def test_the_trace_is_every_microstep_in_order() -> None:
    r = order()
    r.send(Pay(amount=30))
    r.settle()
    assert [(m.event, m.transitions, m.exited, m.entered) for m in r.trace] == [
        ("start", (), (), ("Open", "Open.Cart")),
        ("Pay", ("remember",), ("Open.Cart",), ("Open.Paying",)),
        (
            "done.invoke.charge",
            ("keep",),
            ("Open.Paying", "Open"),
            ("Fulfil", "Fulfil.Pack", "Fulfil.Pack.Waiting", "Fulfil.Bill", "Fulfil.Bill.Unsent"),
        ),
    ]


def test_services_are_found_by_contract_and_by_name() -> None:
    for key in (Payments, "payments"):
        r = Order.rehearse(OrderData(items=["a"]), services={key: FakePayments()})
        r.send(Pay(amount=3))
        assert r.settle().ctx.receipt == Receipt(id="r3")


def test_a_plain_implementation_serves_too() -> None:
    class Plain:
        def charge(self, amount: int) -> dict[str, str]:
            return {"id": "plain"}

    r = Order.rehearse(OrderData(items=["a"]), services={Payments: Plain()})
    r.send(Pay(amount=3))
    assert r.settle().ctx.receipt == Receipt(id="plain"), "the machine sees the decoded copy"


def test_an_implementation_that_lacks_a_method_is_refused() -> None:
    with pytest.raises(ServiceInvalid, match=r"Order.payments: object is not a Payments: it has no charge. Add it"):
        Order.rehearse(OrderData(), services={Payments: object()})


def test_a_missing_service_is_told_and_its_invoke_stays_pending() -> None:
    r = Order.rehearse(OrderData(items=["a"]))
    r.send(Pay(amount=3))
    with pytest.raises(ServiceMissing, match=r"Order.payments: no implementation of Payments. Pass services="):
        r.settle()
    assert r.pending == ("charge",)
    assert r.resolve("charge", Receipt(id="x")).transitions == ("keep",)


# ---- a machine that does everything that a handler can do


class Act(Event):
    verb: str
    value: Any = None


class Note(Event):
    text: str


class Unloved(Event): ...


class Rate(Protocol):
    async def rate(self, currency: str) -> float: ...
    async def fail(self, how: str) -> int: ...


class Rates:
    async def rate(self, currency: str) -> float:
        return len(currency) / 2

    def fail(self, how: str) -> int:
        problem = ValueError(f"no {how}")
        odd(problem).data = {"how": how}
        raise problem


class Log(Context):
    log: list[str] = []
    number: int = 0
    floats: list[float] = []


class Child(StateMachine[Log]):
    class A(State, initial=True): ...


class Doer(StateMachine[Log, Act | Note | Unloved]):
    rates: Rate

    class A(State, initial=True): ...

    class B(State): ...

    class Handled(State): ...

    class Working(State): ...

    @guard
    def allowed(self, ev: Act) -> bool:
        if ev.verb == "guard fails":
            raise ZeroDivisionError("by guard")
        return True

    @on(Act, A, when=allowed)
    async def act(self, ev: Act) -> None:
        self.ctx.log.append(ev.verb)
        match ev.verb:
            case "raise":
                self.raise_(Note(text="first"))
                self.raise_(Note(text="second"))
                self.raise_(Unloved())
            case "send":
                self.send(Note(text="sent"))
                self.send(Note(text="to me"), to=self.id)
                self.send(Note(text="later"), delay="10s")
                self.send(Note(text="to you"), to="you", delay="1m")
                self.raise_(Note(text="raised"))
            case "spawn":
                self.ctx.log += [self.spawn(Child, Log(number=2)), self.spawn(Child), self.spawn(Child, id="own")]
            case "fail":
                self.ctx.number = 99
                raise ValueError("planned")
            case "bad context":
                self.ctx.number = odd("many")
            case "constraint":
                self.ctx.log.append(odd(5))
            case "gather":
                self.ctx.floats += await self.gather(self.rates.rate("EUR"), self.rates.rate("EURO"))
            case "gather fails":
                try:
                    await self.gather(self.rates.fail("a"), self.rates.rate("x"), self.rates.fail("b"))
                except CallFailed as problem:
                    self.ctx.log.append(str(problem))
            case "call fails":
                await self.rates.fail("luck")
            case "wait":
                await odd(ev.value)()
            case "bad arguments":
                await self.rates.rate(odd(object()))
            case "raise text":
                self.raise_(odd("Note"))
            case "bad delay":
                self.send(Note(text="x"), delay="soon")

    @on(Note)
    def note(self, ev: Note) -> None:
        self.ctx.log.append(f"note {ev.text}")

    go = edge(Unloved, A, to=B)
    back = edge(Unloved, B, to=A)
    handled = edge(Act, B, to=Handled)
    working = edge(Act, Handled, to=Working)


def doer(**keywords: Any) -> Any:
    return Doer.rehearse(services={Rate: Rates()}, **keywords)


def test_raised_events_are_handled_in_order_within_the_same_turn() -> None:
    step = doer().send(Act(verb="raise"))
    assert [m.event for m in step.microsteps] == ["Act", "Note", "Note", "Unloved"]


def test_events_to_itself_come_after_the_turn_and_events_to_others_are_recorded() -> None:
    r = doer()
    step = r.send(Act(verb="send"))
    assert [m.event for m in step.microsteps] == ["Act", "Note"]
    assert r.ctx.log == ["send", "note raised", "note sent", "note to me"]
    assert [(s.event, s.to, s.delay_ms) for s in r.sent] == [(Note(text="to you"), "you", 60_000)]
    r.advance("9s")
    assert r.ctx.log[-1] == "note to me"
    r.advance("1s")
    assert r.ctx.log[-1] == "note later"


def test_started_instances_are_recorded_with_ids_of_their_own() -> None:
    r = doer()
    r.send(Act(verb="spawn"))
    r.send(Act(verb="spawn"))
    assert [s.machine for s in r.spawned] == [Child] * 6
    assert r.spawned[0].data == Log(number=2)
    ids = [s.id for s in r.spawned]
    assert [i for i in ids if i == "own"] == ["own", "own"]
    assert len(set(ids)) == 5, "every spawn without an id makes one of its own"
    assert r.ctx.log == ["spawn", *ids[:3], "spawn", *ids[3:]]


def test_calls_are_gathered_and_typed() -> None:
    r = doer()
    r.send(Act(verb="gather"))
    assert r.ctx.floats == [1.5, 2.0]


def test_a_gathered_failure_is_the_first_in_the_order_given() -> None:
    r = doer()
    r.send(Act(verb="gather fails"))
    assert r.ctx.log[-1] == "rates.fail failed with ValueError: no a"


def _unchanged(r: Any, act: Any, error: type[FsmError], text: str) -> Any:
    before, log = r.snapshot().to_json(), list(r.ctx.log)
    with pytest.raises(error, match=text) as caught:
        act()
    assert r.snapshot().to_json() == before
    assert r.ctx.log == log
    assert r.send(Note(text="still here")).transitions == ("note",)
    return caught.value


@pytest.mark.parametrize(
    ("verb", "error", "text"),
    [
        (
            "guard fails",
            GuardFailed,
            r"guard \[allowed\] of act \(test_rehearsal.py:\d+\) raised ZeroDivisionError: by",
        ),
        (
            "fail",
            UnhandledError,
            r"act \(act of A\) failed with ValueError: planned, and no edge in \{A\} handles it. Add `on\(Act",
        ),
        ("bad context", ContextInvalid, r"Doer: after the turn the context Log cannot be encoded: .*mend the handler"),
        ("constraint", ContextInvalid, r"Doer: after the turn the context Log cannot be encoded"),
        ("call fails", UnhandledError, r"act \(act of A\) failed with ValueError: no luck"),
        ("bad delay", UnhandledError, r"act \(act of A\) failed with ValueError: 'soon' is not a delay"),
        ("raise text", UnhandledError, r"self.raise_\('Note'\): not an event; pass an instance of a subclass"),
    ],
)
def test_a_turn_that_fails_changes_nothing(verb: str, error: type[FsmError], text: str) -> None:
    r = doer()
    r.send(Unloved())
    r.send(Unloved())
    _unchanged(r, lambda: r.send(Act(verb=verb)), error, text)


def test_the_error_of_a_turn_carries_its_cause() -> None:
    r = doer()
    assert isinstance(
        _unchanged(r, lambda: r.send(Act(verb="guard fails")), GuardFailed, "by guard").__cause__, ZeroDivisionError
    )
    problem = _unchanged(r, lambda: r.send(Act(verb="fail")), UnhandledError, "planned")
    assert (problem.kind, problem.detail, type(problem.__cause__)) == ("ValueError", "planned", ValueError)


def test_a_failed_call_tells_service_method_kind_message_data_and_cause() -> None:
    r = doer()
    with pytest.raises(UnhandledError) as caught:
        r.send(Act(verb="call fails"))
    call = caught.value.__cause__
    assert isinstance(call, CallFailed)
    assert (call.service, call.method, call.kind, call.message) == ("rates", "fail", "ValueError", "no luck")
    assert call.data == {"how": "luck"}
    assert isinstance(call.__cause__, ValueError)
    assert str(call) == "rates.fail failed with ValueError: no luck"


def test_arguments_that_cannot_be_recorded_fail_the_turn() -> None:
    r = doer()
    with pytest.raises(FsmError, match=r"rates.rate: its arguments cannot be written to the journal"):
        r.send(Act(verb="bad arguments"))


def test_a_handled_error_is_an_event_like_any_other() -> None:
    class Careful(Doer):
        @on(ActionFailed, Doer.A, to=Doer.Handled)
        def rescue(self, ev: ActionFailed) -> None:
            self.ctx.log.append(f"{ev.source}: {ev.error.kind} {ev.error.message}")

    r = Careful.rehearse(services={Rate: Rates()})
    step = r.send(Act(verb="fail"))
    assert [m.event for m in step.microsteps] == ["Act", "error.execution"]
    assert r.configuration == {"Handled"}
    assert r.ctx.number == 99, "what the action did before it failed stays"
    assert r.ctx.log[-1].endswith(": ValueError planned")


# ---- what an invoke may do


class Long(StateMachine[Log, Act]):
    rates: Rate

    class Off(State, initial=True): ...

    class On(State): ...

    class Ok(State): ...

    start = edge(Act, Off, to=On)

    @invoke(On)
    async def work(self, ev: Act) -> list[str]:
        match ev.verb:
            case "context":
                self.ctx.number += 1
            case "raise":
                self.raise_(Note(text="x"))
            case "send":
                self.send(Note(text="x"))
            case "spawn":
                self.spawn(Child)
            case "attribute":
                odd(self).number = 1
            case "fail":
                raise ValueError("planned")
            case "call fails":
                await self.rates.fail("luck")
            case "wrong result":
                wrong: list[str] = odd(5)
                return wrong
            case "gather":
                return [str(n) for n in await self.gather(self.rates.rate("a"), self.rates.rate("bc"))]
            case "self":
                return [
                    self.id,
                    self.now.isoformat(),
                    str(self.uuid()),
                    str(self.random.random()),
                    str(self.ctx.number),
                ]
        return ["fine"]

    @work.done(to=Ok)
    def ok(self, ev: Done[list[str]]) -> None:
        self.ctx.log += ev.data

    again = edge(Act, Ok, to=On)


class Forgiving(Long):
    class Bad(State): ...

    @Long.work.failed(to=Bad)
    def failed(self, ev: Failed) -> None:
        self.ctx.log.append(f"{ev.source} {ev.error.kind}: {ev.error.message} {ev.error.data}")


def long(machine: Any = Forgiving, **keywords: Any) -> Any:
    return machine.rehearse(Log(number=7), services={Rate: Rates()}, **keywords)


def test_an_invoke_sees_the_event_that_started_it_its_own_context_and_the_services() -> None:
    r = long(id="A-1")
    r.send(Act(verb="gather"))
    assert r.settle().ctx.log == ["0.5", "1.0"]
    r.send(Act(verb="self"))
    r.settle()
    assert (r.ctx.log[2], r.ctx.log[3], r.ctx.log[6]) == ("A-1", EPOCH.isoformat(), "7")


def test_an_invoke_works_on_the_context_as_it_was_at_its_start() -> None:
    r = long()
    r.send(Act(verb="self"))
    r.ctx.number = 8
    r.settle()
    assert r.ctx.log[-1] == "7"
    assert r.ctx.number == 8


def test_a_failure_of_an_invoke_is_an_event_with_kind_message_and_data() -> None:
    r = long()
    r.send(Act(verb="fail"))
    assert r.settle().ctx.log == ["work ValueError: planned None"]
    r = long()
    r.send(Act(verb="call fails"))
    assert r.settle().ctx.log == ["work ValueError: no luck {'how': 'luck'}"]
    assert r.configuration == {"Bad"}


def test_a_failure_of_an_invoke_without_an_edge_fails_the_turn_and_it_stays_pending() -> None:
    r = long(Long)
    r.send(Act(verb="fail"))
    before = r.snapshot().to_json()
    text = r"Long 'rehearsal': work failed with ValueError: planned, and no edge in \{On\} handles it. Add @work.failed"
    for _ in range(2):
        with pytest.raises(UnhandledError, match=text):
            r.settle()
        assert r.snapshot().to_json() == before
    assert r.resolve("work", ["by hand"]).configuration == {"Ok"}


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("context", "invoke work changed its private copy of the context"),
        ("raise", r"self\.raise_ inside an invoke: it works beside the machine on a private copy; return a result"),
        ("send", r"self\.send inside an invoke"),
        ("spawn", r"self\.spawn inside an invoke"),
        ("attribute", r"Forgiving\.number: a machine has no attributes of its own"),
    ],
)
def test_what_an_invoke_must_not_do_is_a_failure_that_says_so(verb: str, text: str) -> None:
    r = long()
    r.send(Act(verb=verb))
    try:
        r.settle()
    except HandlerMisuse as problem:
        told = str(problem)
    else:
        told = r.ctx.log[-1]
    assert re.search(text, told)
    assert r.ctx.number == 7


def test_a_result_that_does_not_fit_is_told_and_the_invoke_stays_pending() -> None:
    r = long()
    r.send(Act(verb="nothing"))
    before = r.snapshot().to_json()
    with pytest.raises(FsmError, match=r"the result of invoke work does not fit its annotation"):
        r.resolve("work", 5)
    assert r.snapshot().to_json() == before
    assert r.resolve("work", ["fits"]).transitions == ("ok",)


# ---- services that wait


@pytest.mark.parametrize("how", ["a future", "asyncio", "anyio", "a bare yield"])
@pytest.mark.parametrize("where", ["handler", "invoke"])
def test_a_service_that_really_waits_is_told_by_its_name(how: str, where: str) -> None:
    class Waiting(Rates):
        async def rate(self, currency: str) -> float:
            match how:
                case "a future":
                    loop = asyncio.new_event_loop()
                    try:
                        await loop.create_future()
                    finally:
                        loop.close()
                case "asyncio":
                    await asyncio.sleep(0.01)
                case "anyio":
                    await anyio.sleep(0.01)
                case _:
                    await asyncio.sleep(0)
            return 1.0

    r: Any = (Doer if where == "handler" else Forgiving).rehearse(services={Rate: Waiting()})
    if where == "invoke":
        r.send(Act(verb="gather"))
    before = r.snapshot().to_json()
    with pytest.raises(RehearsalSuspended, match=r"rates\.rate really waited\. A rehearsal has no event loop"):
        r.settle() if where == "invoke" else r.send(Act(verb="gather"))
    assert r.snapshot().to_json() == before


def test_a_handler_that_really_waits_is_told_by_its_name() -> None:
    r = doer()

    async def nap() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RehearsalSuspended, match=r"a handler of Doer on 'Act' really waited"):
        r.send(Act.model_construct(verb="wait", value=nap))
    assert r.ctx.log == []


# ---- time, chance and order


class Dice(StateMachine[Log, Act]):
    class A(State, initial=True): ...

    @on(Act, A)
    def roll(self) -> None:
        self.ctx.log += [str(self.random.random()), str(self.uuid()), self.now.isoformat(), self.id]


def test_time_and_chance_are_the_same_whenever_a_turn_is_evaluated() -> None:
    one, two = Dice.rehearse(id="A"), Dice.rehearse(id="A")
    for r in (one, two):
        r.send(Act(verb="roll"))
        r.advance("1h")
        r.send(Act(verb="roll"))
    assert one.ctx.log == two.ctx.log
    assert len(set(one.ctx.log)) == 7, "each turn has its own numbers and its own time, the id is the same"
    restored = Dice.rehearse(snapshot=one.snapshot())
    for r in (one, restored):
        r.send(Act(verb="roll"))
    assert restored.ctx.log == one.ctx.log
    other = Dice.rehearse(id="B")
    other.send(Act(verb="roll"))
    assert other.ctx.log[0] != one.ctx.log[0]


def test_the_clock_begins_where_it_is_told() -> None:
    r = Dice.rehearse(now=datetime(2030, 1, 1, tzinfo=UTC))
    r.send(Act(verb="roll"))
    assert r.ctx.log[2] == "2030-01-01T00:00:00+00:00"


class Policy(StateMachine[Log, Act | Note | Unloved]):
    class A(State, initial=True): ...

    class B(State): ...

    @guard
    def loud(self, ev: Note) -> bool:
        return ev.text.isupper()

    go = edge(Act, A, to=B)

    @on(Unloved, B)
    def seen(self) -> None:
        self.ctx.log.append("seen")

    @on(Note, when=loud)
    def heard(self, ev: Note) -> None:
        self.ctx.log.append(ev.text)


class Ignoring(Policy, unhandled="ignore"): ...


class Deferring(Policy, unhandled="defer"): ...


def test_an_unhandled_event_is_raised_to_the_sender_by_default() -> None:
    with pytest.raises(NotAccepted):
        Policy.rehearse().send(Unloved())
    with pytest.raises(Refused):
        Policy.rehearse().send(Note(text="quiet"))


def test_an_unhandled_event_is_ignored_where_the_class_says_so() -> None:
    r = Ignoring.rehearse()
    assert r.send(Unloved()).transitions == ()
    assert r.send(Note(text="quiet")).transitions == ()
    r.send(Act(verb="go"))
    assert r.ctx.log == []


def test_an_unhandled_event_is_deferred_where_the_class_says_so() -> None:
    r = Deferring.rehearse()
    assert r.send(Unloved()).transitions == ()
    assert r.send(Unloved()).configuration == {"A"}
    again = Deferring.rehearse(snapshot=r.snapshot().to_json())
    for one in (r, again):
        assert one.send(Act(verb="go")).configuration == {"B"}
        assert one.ctx.log == ["seen", "seen"]
        assert one.snapshot().waiting == ()


class Endless(StateMachine[Log, Act]):
    class A(State, initial=True): ...

    class B(State): ...

    @guard
    def yes(self) -> bool:
        return True

    go = edge(Act, A, to=B)
    there = always(B, to=B, when=yes)


def test_a_turn_that_does_not_end_is_rolled_back_and_names_its_transitions() -> None:
    r = Endless.rehearse()
    text = r"Endless 'rehearsal': more than 1000 microsteps for one event, at the end there. Nothing was changed"
    with pytest.raises(MicrostepsExceeded, match=text):
        r.send(Act(verb="go"))
    assert (r.configuration, len(r.trace)) == ({"A"}, 1)


def test_exits_actions_and_entries_run_in_order() -> None:
    class Ordered(StateMachine[Log, Act]):
        class A(Parallel, initial=True):
            class One(State):
                class X(State, initial=True): ...

            class Two(State): ...

        class B(State):
            class Y(Final, initial=True): ...

        class End(Final): ...

        @on_exit(A, A.One, A.One.X, A.Two)
        def left(self) -> None:
            self.ctx.log.append("exit")

        @on(Act, A, to=B)
        def go(self) -> None:
            self.ctx.log.append("action")

        @on_enter(B, B.Y)
        def entered(self) -> None:
            self.ctx.log.append("enter")

        @all_done(B, to=End)
        def done(self, ev: Done[str]) -> None:
            self.ctx.log.append(ev.data)

        @output(B.Y)
        def inner(self) -> str:
            return "inner"

        @output(End)
        def outer(self) -> int:
            return len(self.ctx.log)

    r = Ordered.rehearse()
    r.send(Act(verb="go"))
    assert r.ctx.log == ["exit"] * 4 + ["action", "enter", "enter", "inner"]
    assert (r.done, r.output) == (True, 8)


def test_data_of_another_type_is_refused() -> None:
    with pytest.raises(ContextInvalid, match=r"Order: .*OrderData"):
        Order.rehearse(odd(Log(number=1)))


class Needy(Context):
    amount: int


def test_data_that_is_needed_is_asked_for() -> None:
    class Machine(StateMachine[Needy]):
        class A(State, initial=True): ...

    text = r"Machine needs data to start with: amount: Field required\. Pass Needy\(…\)"
    with pytest.raises(ContextInvalid, match=text):
        Machine.rehearse()


# ---- the virtual clock


class Timers(StateMachine[Log, Act | Note]):
    class P(Parallel, initial=True):
        class One(State):
            class A(State, initial=True): ...

            class B(State): ...

        class Two(State):
            class A(State, initial=True): ...

            class B(State): ...

    @after("2s", P.One.A, to=P.One.B)
    def two(self) -> None:
        self.ctx.log.append(f"two {self.now.second}")

    @after("1s", P.Two.A, to=P.Two.B)
    def one(self) -> None:
        self.ctx.log.append(f"one {self.now.second}")

    @after("1s", P.Two.B)
    def later(self) -> None:
        self.ctx.log.append(f"later {self.now.second}")

    @on(Act)
    def remind(self) -> None:
        self.send(Note(text="note"), delay="2s")

    @on(Note)
    def note(self) -> None:
        self.ctx.log.append(f"note {self.now.second}")

    @guard
    def never(self) -> bool:
        return False

    nothing = after("1s", P, when=never)


def test_timers_fire_in_the_order_in_which_they_are_due_and_events_go_first() -> None:
    r = Timers.rehearse()
    r.send(Act(verb="remind"))
    r.advance("1999ms")
    assert r.ctx.log == ["one 1"]
    r.advance("1ms")
    assert r.ctx.log == ["one 1", "note 2", "two 2", "later 2"]
    assert r.advance("1h").ctx.log[4:] == []
    assert r.now == EPOCH + timedelta(hours=1, seconds=2)


def test_leaving_a_state_takes_its_timer_with_it_and_entering_it_again_starts_anew() -> None:
    class Restarted(StateMachine[Log, Act]):
        class A(State, initial=True): ...

        class B(State): ...

        again = edge(Act, A, to=A)
        late = after("10s", A, to=B)

    r = Restarted.rehearse().advance("9s")
    r.send(Act(verb="again"))
    assert r.advance("9s").configuration == {"A"}
    assert r.advance("1s").configuration == {"B"}


def test_an_invoke_that_runs_out_of_time_fails() -> None:
    r = Order.rehearse(OrderData(items=["a"]))
    r.send(Pay(amount=3))
    assert r.advance("29s").pending == ("charge",)
    assert r.advance("1s").configuration == {"Open.Cart"}
    assert r.trace[-1].event == "error.invoke.charge"


# ---- snapshots


def points() -> dict[str, Any]:
    """A rehearsal at every kind of point."""
    found = {"start": order()}
    found["pending invoke"] = order()
    found["pending invoke"].send(Pay(amount=30))
    found["timers"] = order()
    found["timers"].send(Pay(amount=30))
    found["timers"].settle().advance("10m")
    found["done"] = order()
    found["done"].send(Cancel(reason="no"))
    found["cancelled"] = order()
    found["cancelled"].cancel()
    found["deferred"] = Deferring.rehearse()
    found["deferred"].send(Unloved())
    found["delayed"] = Timers.rehearse()
    found["delayed"].send(Act(verb="remind"))
    found["history"] = Remembering.rehearse(Log(number=2))
    found["history"].send(Act(verb="x"))
    found["history"].send(Note(text="x"))
    return found


class Remembering(StateMachine[Log, Act | Note, Log]):
    class On(State, initial=True):
        class A(State, initial=True):
            class X(State, initial=True): ...

            class Y(State): ...

        class Shallow(History): ...

        class Deep(History, deep=True): ...

    class Off(State): ...

    class End(Final): ...

    turn = edge(Act, On.A.X, to=On.A.Y)
    off = edge(Note, On, to=Off)
    deep = edge(Act, Off, to=On.Deep)
    shallow = edge(Note, Off, to=On.Shallow)
    end = edge(Act, On.A.Y, to=End)

    @output(End)
    def result(self) -> Log:
        return Log(number=self.ctx.number)


POINTS = ("start", "pending invoke", "timers", "done", "cancelled", "deferred", "delayed", "history")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("text", [False, True])
def test_a_snapshot_restores_exactly_at_every_kind_of_point(point: str, text: bool) -> None:
    r = points()[point]
    snapshot = r.snapshot()
    again = r.machine.rehearse(
        snapshot=snapshot.to_json() if text else snapshot,
        services={} if "Log" in str(type(r.ctx)) else {"payments": FakePayments()},
    )
    assert again.snapshot() == snapshot
    assert again.snapshot().to_json() == snapshot.to_json()
    assert (again.configuration, again.active, again.done, again.pending) == (
        r.configuration,
        r.active,
        r.done,
        r.pending,
    )
    for one in (r, again):
        one.advance("2h")
    assert again.snapshot() == r.snapshot()


@pytest.mark.parametrize(("back", "where"), [(Act(verb="deep"), "On.A.Y"), (Note(text="shallow"), "On.A.X")])
def test_the_past_is_part_of_a_snapshot(back: Event, where: str) -> None:
    r = Remembering.rehearse(snapshot=points()["history"].snapshot().to_json())
    assert r.send(odd(back)).configuration == {where}


def test_the_output_is_part_of_a_snapshot() -> None:
    r = Remembering.rehearse(Log(number=3))
    r.send(Act(verb="turn"))
    r.send(Act(verb="end"))
    assert Remembering.rehearse(snapshot=r.snapshot().to_json()).output == Log(number=3)


class Ends(StateMachine[Log, Act | Note, Log]):
    class A(State, initial=True): ...

    class Good(Final): ...

    class Bare(Final): ...

    @output(Good)
    def result(self):  # type: ignore[no-untyped-def]
        return 5

    good = edge(Act, A, to=Good)
    bare = edge(Note, A, to=Bare)


def test_a_final_state_without_an_output_gives_none() -> None:
    r = Ends.rehearse()
    r.send(Note(text="x"))
    assert odd(r.output) is None
    assert odd(Ends.rehearse(snapshot=r.snapshot().to_json()).output) is None


def test_an_output_that_does_not_fit_its_type_fails_the_turn() -> None:
    r = Ends.rehearse()
    with pytest.raises(ContextInvalid, match="led to an output that does not fit its type"):
        r.send(Act(verb="x"))
    assert r.configuration == {"A"}


class Chain(StateMachine[Log, Act | Note]):
    class A(State, initial=True): ...

    @on(Act)
    def go(self) -> None:
        self.send(Note(text="first"))
        self.send(Note(text="second"))

    @on(Note)
    def note(self, ev: Note) -> None:
        self.ctx.log.append(ev.text)
        if ev.text == "first":
            self.send(Note(text="third"))


def test_events_to_itself_are_taken_in_the_order_of_their_acceptance() -> None:
    r = Chain.rehearse()
    r.send(Act(verb="go"))
    assert r.ctx.log == ["first", "second", "third"]


def test_a_timer_without_length_that_starts_itself_is_told() -> None:
    class Spinning(StateMachine[Log]):
        class A(State, initial=True): ...

        again = after("0s", A, to=A)

    with pytest.raises(FsmError, match=r"Spinning: .*; let one of them lead to a state that waits"):
        Spinning.rehearse().advance("1s")


def damaged(**changes: Any) -> str:
    data = json.loads(points()["pending invoke"].snapshot().to_json())
    return json.dumps({**data, **changes})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("junk", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ("null", "cannot be read"),
        ("{}", "cannot be read"),
        (damaged(configuration=["Nowhere"]), "names the state 'Nowhere'"),
        (damaged(configuration=["Open"]), "names the state 'Open'"),
        (damaged(configuration=["Open.Last"]), "names the state 'Open.Last'"),
        (damaged(configuration=[]), "has the configuration"),
        (damaged(configuration=["Open.Cart", "Shipped"]), "has 2 active children instead of one"),
        (damaged(configuration=["Fulfil.Pack.Waiting"]), "has 1 active regions instead of 2"),
        (damaged(histories={"Nowhere": ["Open.Cart"]}), "remembers the state"),
        (damaged(context={"items": "none"}), "the stored context does not fit OrderData"),
        (damaged(context={"more": 1}), "the stored context does not fit OrderData"),
        (damaged(machine="Other"), "belongs to machine 'Other'"),
    ],
)
def test_a_snapshot_that_cannot_be_is_refused(text: Any, told: str) -> None:
    with pytest.raises(SnapshotCorrupted, match=told) as caught:
        Order.rehearse(snapshot=text)
    assert str(caught.value).startswith("Order: the ")


@pytest.mark.parametrize(
    "changes",
    [{"invokes": [["nowhere", 1, "{}", "Pay", "{}", None]]}, {"timers": [["after:nowhere", 1, 5.0]]}, {"seq": "many"}],
)
def test_a_snapshot_with_an_unknown_invoke_or_timer_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SnapshotCorrupted):
        Order.rehearse(snapshot=damaged(**changes))


def _version(number: int) -> Any:
    class Versioned(StateMachine[Log], version=number):
        class A(State, initial=True): ...

    return Versioned


@pytest.mark.parametrize("text", [True, False])
def test_a_snapshot_of_a_newer_version_is_refused(text: bool) -> None:
    old, new = _version(9), _version(10)
    snapshot = new.rehearse().snapshot()
    with pytest.raises(SnapshotNewer, match=r"written by version 10, this class is version 9. Run it with the newer"):
        old.rehearse(snapshot=snapshot.to_json() if text else snapshot)
    assert new.rehearse(snapshot=old.rehearse().snapshot().to_json()).configuration == {"A"}


def test_the_snapshot_of_another_machine_is_refused() -> None:
    with pytest.raises(SnapshotCorrupted, match=r"Order: the snapshot belongs to machine 'Timers'"):
        Order.rehearse(snapshot=odd(Timers.rehearse().snapshot()))


# ---- people


class Filled(Context):
    yes: bool


class Desk(StateMachine[Context]):
    class Asking(State, initial=True): ...

    class Late(State): ...

    @human(Asking, form=Filled, assignee="ann", due="1h")
    def ask(self) -> str:
        return f"{self.id} at {self.now:%H:%M}"

    @ask.done()
    def kept(self, ev: Done[Filled]) -> None: ...

    late = ask.overdue(to=Late)


def test_a_task_is_seen_as_it_was_opened_and_survives_a_snapshot() -> None:
    r = Desk.rehearse(id="D")
    (task,) = r.tasks
    assert (task.assignee, task.due, r.pending) == ("ann", task.opened + 3600, ("ask",))
    r.advance("30m")
    assert r.tasks[0].opened == task.opened
    again = Desk.rehearse(snapshot=r.snapshot().to_json())
    assert [t.opened for t in again.tasks] == [task.opened]
    assert again.advance("30m").configuration == {"Late"}
    assert again.tasks == []


def test_a_completed_task_is_not_overdue_though_its_state_stays() -> None:
    r = Desk.rehearse()
    assert r.complete("ask", {"yes": True}, by="ann").event == "done.invoke.ask"
    assert (r.tasks, r.advance("2h").configuration) == ([], {"Asking"})
    assert r.snapshot().timers == ()


def test_only_a_pending_task_is_completed_and_only_by_a_form_that_fits() -> None:
    r = Desk.rehearse()
    with pytest.raises(FormInvalid, match="yes: Field required"):
        r.complete("ask", {})
    assert r.pending == ("ask",)
    r.complete("ask", Filled(yes=True))
    with pytest.raises(NothingPending):
        r.complete("ask", Filled(yes=True))
