"""Everything else of the product description; type checkers accept all of it, and what is inferred is asserted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, assert_type
from uuid import UUID

from fsm import (
    ActionFailed,
    Choice,
    Context,
    Done,
    Event,
    Failed,
    Final,
    History,
    Instance,
    Orchestrator,
    Parallel,
    State,
    StateMachine,
    after,
    all_done,
    always,
    choose,
    default,
    defer,
    edge,
    guard,
    in_state,
    invoke,
    on,
    on_enter,
    on_exit,
    output,
)
from fsm.core.snapshot import Snapshot
from fsm.core.step import Microstep, Step
from fsm.errors import CallFailed
from fsm.people import Completed, Task, deadline, human
from fsm.ports.store import Store
from fsm.saga import compensate
from fsm.service import Backoff, Breaker, Retry, Retryable, Terminal, call, current_call
from fsm.talking import Progress, Question
from fsm.testing.rehearsal import Rehearsal


class Pay(Event):
    amount: int


class PayTwice(Pay, name="pay.twice"):
    times: int = 2


class Stop(Event): ...


class Resume(Event): ...


class Receipt(Context):
    id: str


class Quote(Question[Receipt]):
    item: str


class Data(Context):
    amount: int = 0
    receipt: Receipt | None = None
    notes: list[str] = []


class Payments(Protocol):
    async def charge(self, amount: int) -> Receipt: ...
    async def rate(self, currency: str = "EUR") -> float: ...


class Helper(StateMachine):
    """A machine without data of its own."""

    class Only(State, initial=True): ...


class Review(
    StateMachine[Data, Pay | Stop | Resume | Quote, Receipt],
    search=("amount",),
    name="review",
    version=2,
    unhandled="defer",
):
    """Uses what the Order example does not."""

    payments: Payments
    LIMIT: ClassVar[int] = 100
    text = "constants are fine"

    class Open(State, initial=True, tags=("a", "b")):
        class First(State, initial=True):
            class Left(State, initial=True): ...

            class Right(State): ...

            turn = edge(Pay, Left, to=Right)

        class Second(First): ...

        class Shallow(History): ...

        class Deep(History, deep=True): ...

        Deeper = History(deep=True)

    class Both(Parallel):
        class One(State):
            class A(State, initial=True): ...

            class Z(Final): ...

        class Two(Parallel):
            class Three(State):
                class A(State, initial=True): ...

                class Z(Final): ...

            class Four(State):
                class Z(Final, initial=True): ...

    class Paused(State, tags="one"): ...

    class Ended(Final): ...

    @staticmethod
    def double(amount: int) -> int:
        return 2 * amount

    def total(self) -> int:
        return self.double(self.ctx.amount)

    @on(Quote, Paused)
    def quote(self, ev: Quote) -> None:
        assert_type(self.reply(Receipt(id=ev.item)), None)

    @property
    def label(self) -> str:
        return f"{self.id}: {self.ctx.amount}"

    @guard
    def enough(self, ev: Pay) -> bool:
        return ev.amount > self.LIMIT

    @guard
    async def cheap(self) -> bool:
        return await self.payments.rate() < 2

    @guard
    async def known(self, ev: Event) -> bool:
        return (await self.payments.charge(1)).id != ""

    ready = enough & cheap | ~known & in_state(Open.First)

    @on(Pay, Open.First, Open.Second, to=(Both.One.Z, Both.Two.Three.Z), when=ready, reenter=True)
    async def pay(self, ev: Pay) -> None:
        first, second = await self.gather(self.payments.charge(ev.amount), self.payments.rate())
        assert_type(first, Receipt)
        assert_type(second, float)
        many = await self.gather(*[self.payments.charge(n) for n in range(3)])
        assert_type(many, tuple[Receipt, ...])
        self.ctx.receipt = first
        self.ctx.notes.append(self.label)
        if self.enough(ev) and await self.cheap():
            self.ctx.notes.append("cheap")

    @on(PayTwice, Open)
    def base(self, ev: Pay) -> None:
        self.ctx.amount = self.total() + ev.amount

    @on(Event, Paused, when=~cheap)
    def anything(self, ev: Event) -> None:
        assert_type(self.now, datetime)
        assert_type(self.uuid(), UUID)
        assert_type(self.random.random(), float)
        assert_type(self.ctx, Data)

    @on_enter(Open.First, Both)
    def entered(self) -> None:
        self.raise_(Stop())
        self.send(Pay(amount=1))
        self.send(Stop(), delay="15m")
        self.send(Stop(), to="other", delay=timedelta(seconds=1))
        assert_type(self.spawn(Helper), str)
        self.spawn(Review, Data(amount=1), id="child")

    @on_exit(Open)
    async def left(self, ev: Event) -> None:
        try:
            await self.payments.charge(1)
        except CallFailed as problem:
            self.ctx.notes.append(f"{problem.service} {problem.method} {problem.kind} {problem.message}")

    @invoke(Paused, timeout=timedelta(minutes=1))
    async def wait_for(self, ev: Pay) -> list[Receipt]:
        assert_type(self.progress(0.5, "half"), None)
        return [await self.payments.charge(ev.amount)]

    @wait_for.done(to=Open.Deep)
    def several(self, ev: Done[list[Receipt]]) -> None:
        assert_type(ev.data[0].id, str)

    gave_up = wait_for.failed(to=Open.Shallow, when=cheap)

    @wait_for.failed(to=Open.Deeper)
    def failed(self, ev: Failed) -> None:
        self.ctx.notes.append(ev.error.kind + ev.error.message)

    @on(ActionFailed, Open, to=Paused)
    def rescue(self, ev: ActionFailed) -> None:
        self.ctx.notes.append(ev.error.kind)

    @all_done(Both, to=Ended, when=cheap)
    def both(self, ev: Done[Any]) -> None:
        self.ctx.notes.append(ev.source)

    @all_done(Both.One)
    def one(self) -> None: ...

    @always(Paused, to=Open, when=~in_state(Both))
    def at_once(self) -> None: ...

    @after("1h30m", Open, to=Paused)
    def late(self) -> None: ...

    soon = after(timedelta(seconds=3), Paused, to=Ended)
    pause = edge(Stop, Open, Both, to=Paused)
    stop = edge(Stop, to=Ended)
    past = default(Open.Shallow, to=Open.Second)

    @default(Open.Deep, to=Open.Second.Right)
    def first_time(self) -> None: ...

    @output(Ended)
    def bill(self) -> Receipt:
        return Receipt(id=self.id)


class Careful(Review, version=3, name="careful"):
    """Overrides a guard, a state, an edge and a handler by name."""

    class Paused(Review.Paused):
        class Inner(State, initial=True): ...

    @guard
    def cheap(self) -> bool:
        return False

    @on_enter(Review.Open.First, Review.Both)
    def entered(self) -> None: ...

    stop = edge(Stop, Review.Paused, to=Review.Ended)


class Parcel(StateMachine[Receipt, Pay | Stop, int]):
    """A machine that others run."""

    class Open(State, initial=True):
        tries: int = 0
        names: list[str] = []

        class Route(Choice, initial=True): ...

        class Waiting(State): ...

    class Closed(Final): ...

    later = defer(Pay, Open, Open.Waiting)
    stop = edge(Stop, Open, to=Closed)

    @choose(Open.Route)
    async def route(self) -> type[Open.Waiting] | type[Closed]:
        mine = self.local(self.Open)
        assert_type(mine.tries, int)
        assert_type(self.local(self.Open).names, list[str])
        mine.tries += 1
        return self.Closed if mine.tries > 3 else self.Open.Waiting

    @on_exit(Open)
    def left(self) -> None:
        assert_type(self.parent, str)
        self.send(Stop(), to=self.parent)
        self.send(Stop(), delay="1h", id="reminder")
        self.cancel_send("reminder")

    @output(Closed)
    def count(self) -> int:
        return 1


class Shop(StateMachine[Data, Pay | Stop]):
    """Runs another machine."""

    class Packing(State, initial=True): ...

    class Shipped(Final): ...

    @invoke(Packing, machine=Parcel, forward=[Pay, Stop], timeout="1h")
    def parcel(self, ev: Event) -> Receipt:
        return Receipt(id=self.id)

    @parcel.done(to=Shipped)
    def keep(self, ev: Done[int]) -> None:
        self.ctx.amount = ev.data

    lost = parcel.failed(to=Shipped)

    @invoke(Packing, machine=Helper)
    def helper(self) -> None:
        return None

    helped = helper.done()


class Reserve(Protocol):
    async def charge(self, amount: int) -> Receipt: ...


def less(arguments: dict[str, Any], error: CallFailed, attempt: int) -> dict[str, Any]:
    return {"amount": arguments["amount"] - attempt}


class Guarded(Protocol):
    @call(retry=Retry(5, backoff=Backoff("1s"), on=(TimeoutError, "Busy")), adjust=less, fallback=Reserve.charge)
    async def charge(self, amount: int) -> Receipt: ...
    @call(once=True, timeout="5s", heartbeat=timedelta(seconds=1), rate="10/s", breaker=Breaker(failures=3))
    def book(self, amount: int) -> Receipt: ...


class Plain:
    async def charge(self, amount: int) -> Receipt:
        current_call().beat({"sent": amount})
        raise Retryable("busy", after="2s") if amount else Terminal("never")

    def book(self, amount: int) -> Receipt:
        return Receipt(id="b")


async def under_policies(guarded: Guarded) -> None:
    assert_type(await guarded.charge(30), Receipt)
    assert_type(guarded.book(amount=30), Receipt)
    assert_type(await call(once=True)(guarded.charge)(30), Receipt)


implemented: Guarded = Plain()


def registered(store: Store) -> Orchestrator:
    policies = {Guarded: call(timeout="5s"), Guarded.charge: call(concurrency=4), "guarded.book": call(once=True)}
    return Orchestrator(store, [Review], {Guarded: Plain()}, policies=policies)


class FakePayments:
    async def charge(self, amount: int) -> Receipt:
        return Receipt(id=current_call().idempotency_key)

    async def rate(self, currency: str = "EUR") -> float:
        return 1.0


class Verdict(Context):
    approve: bool


class Loan(StateMachine[Data, Pay]):
    """Asks people."""

    class Asking(State, initial=True): ...

    class Late(State): ...

    class Closed(Final): ...

    @human(Asking, Late, form=Verdict, assignee="credit", due="2d")
    def review(self) -> str:
        return f"a loan of {self.ctx.amount}"

    @review.done(to=Closed)
    def decided(self, ev: Completed[Verdict]) -> None:
        assert_type(ev.by, str)
        self.ctx.amount = int(ev.data.approve)

    @human(Asking, form=Verdict, assignee=lambda self: "ann", due=timedelta(days=2))
    def plain(self) -> None: ...

    late = plain.overdue(to=Late)
    sla = deadline(Asking, warn="4h", breach=timedelta(days=1))
    breached = sla.breached(to=Late)

    @sla.warned()
    def warned(self) -> None: ...


async def decide(orchestrator: Orchestrator, work_end: datetime) -> None:
    loan = Loan.rehearse(Data(amount=1), calendar=lambda start, delay: work_end)
    assert_type(loan.tasks, list[Task])
    assert_type(loan.complete("review", Verdict(approve=True), by="ann"), Step)
    for task in await orchestrator.people.tasks(assignee="credit", machine=Loan):
        assert_type(await orchestrator.people.claim(task.id, by="ann"), Task)
        assert_type(await orchestrator.people.complete(task.id, {"approve": True}, by="ann"), Task)


def rehearse() -> None:
    r = Review.rehearse(Data(amount=1), services={Payments: FakePayments()})
    assert_type(r, Rehearsal[Data, Pay | Stop | Resume | Quote, Receipt])
    assert_type(r.send(Pay(amount=30)), Step)
    assert_type(r.send("Pay", amount=30), Step)
    r.send(PayTwice(amount=1))
    assert_type(r.configuration, frozenset[str])
    assert_type(r.active, frozenset[str])
    assert_type(r.ctx, Data)
    assert_type(r.done, bool)
    assert_type(r.output, Receipt)
    r.settle().advance("15m").advance(timedelta(days=1))
    assert_type(r.resolve("wait_for", [Receipt(id="r")]), Step)
    assert_type(r.reject("wait_for", TimeoutError("late")), Step)
    assert_type(r.trace, list[Microstep])
    assert_type(r.snapshot(), Snapshot[Data])
    assert_type(r.snapshot().context, Data)
    assert_type(Review.rehearse(snapshot=r.snapshot()).ctx.receipt, Receipt | None)
    Review.rehearse(snapshot=r.snapshot().to_json(), services={"payments": FakePayments()}, id="A-1")
    assert_type(r.can(Pay(amount=1)), bool)
    assert_type(r.can("Pay", amount=1), bool)
    assert_type(r.enabled_events(), frozenset[str])
    assert_type(Helper.rehearse().output, None)
    assert_type(Helper.rehearse().ctx, Context)
    assert_type(Careful.rehearse().output, Receipt)


async def run(orchestrator: Orchestrator) -> None:
    review = await orchestrator.start(Review, Data(amount=1), id="A-1")
    assert_type(review, Instance[Data, Pay | Stop | Resume | Quote, Receipt])
    assert_type(await review.send(Pay(amount=30), key="k"), Step)
    await review.send(Stop(), wait="accepted", timeout=5)
    assert_type(await review.result(timeout=5), Receipt)
    assert_type((await review.snapshot()).context.amount, int)
    assert_type(orchestrator.get("A-1", Review), Instance[Data, Pay | Stop | Resume | Quote, Receipt])
    assert_type(orchestrator.get(machine=Review, key="PO-7"), Instance[Data, Pay | Stop | Resume | Quote, Receipt])
    await orchestrator.start(Review, Data(), key="PO-7")
    await orchestrator.find(machine=Review, key="PO-7", attributes={"amount": 30}, after="A-1")
    assert_type(await review.ask(Quote(item="book"), key="q", timeout=1.5), Receipt)
    assert_type(await review.wait_for(Review.Paused, timeout=1.5), None)
    await review.wait_for("Open.First")
    async for told in review.progress("wait_for"):
        assert_type(told, Progress)
    await review.cancel(by="ann", reason="no stock")
    await orchestrator.terminate(review.id, by="ann")
    for entry in await review.history():
        print(entry.seq)
    helper = await orchestrator.start(Helper, id="H")
    assert_type(await helper.result(), None)


class Page(Context):
    title: str


class Sites(Context):
    urls: list[str] = []


class Web(Protocol):
    async def get(self, url: str) -> Page: ...


class Crawl(StateMachine[Sites]):
    web: Web

    class All(State, initial=True): ...

    class First(State): ...

    class Some(State): ...

    class Kept(State): ...

    class End(Final): ...

    def urls(self) -> list[str]:
        return self.ctx.urls

    @invoke(All, each=lambda self: self.ctx.urls, limit=8, timeout="1m")
    async def fetch(self, url: str) -> Page:
        return await self.web.get(url)

    @fetch.done(to=First)
    def all_of_them(self, ev: Done[list[Page]]) -> None:
        print([page.title for page in ev.data])

    @fetch.failed(to=End)
    def none(self, ev: Failed) -> None: ...

    @invoke(First, each=urls, join="any")
    async def race(self, url: str) -> Page:
        return await self.web.get(url)

    @race.done(to=Some)
    def the_first(self, ev: Done[Page]) -> None:
        print(ev.data.title)

    @invoke(Some, each=urls, join=2)
    async def two(self, url: str) -> Page:
        return await self.web.get(url)

    @two.done(to=Kept)
    def both(self, ev: Done[list[Page]]) -> None: ...

    @invoke(Kept, each=urls, failures="keep")
    async def try_all(self, url: str) -> Page:
        return await self.web.get(url)

    @try_all.done(to=End)
    def what_became(self, ev: Done[list[Done[Page] | Failed]]) -> None:
        for one in ev.data:
            print(one.error.message if isinstance(one, Failed) else one.data.title)


class Trip(StateMachine[Sites, Pay]):
    web: Web

    class Open(State, initial=True): ...

    class Paid(State): ...

    class Undoing(State): ...

    class End(Final): ...

    @invoke(Open)
    async def fetch(self) -> Page:
        return await self.web.get("/")

    @fetch.undo
    async def forget(self, page: Page) -> None:
        print(page.title)

    fetched = fetch.done(to=Paid)

    @on(Pay, Paid, to=Undoing)
    def pay(self, ev: Pay) -> None: ...

    @pay.undo
    def refund(self, ev: Pay) -> None:
        print(ev.amount)

    undone = compensate(Undoing, of=(Open, Paid))

    @undone.done(to=End)
    def tell(self, ev: Done[list[str]]) -> None: ...

    @undone.failed(to=End)
    def complain(self, ev: Failed) -> None: ...


def wait(orchestrator: Orchestrator) -> None:
    with orchestrator.blocking() as reviews:
        review = reviews.call(orchestrator.start, Review, Data(amount=1), id="A-1")
        assert_type(review, Instance[Data, Pay | Stop | Resume | Quote, Receipt])
        assert_type(reviews.call(review.result, timeout=5), Receipt)
        reviews.get("A-1").send(Stop())
