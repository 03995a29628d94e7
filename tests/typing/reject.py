"""What both type checkers must refuse; each line that they flag ends in a comment, every other line is fine."""

from __future__ import annotations

from typing import Protocol

from fsm import (
    Choice,
    Context,
    Done,
    Event,
    Failed,
    Final,
    Orchestrator,
    State,
    StateMachine,
    after,
    all_done,
    choose,
    default,
    defer,
    edge,
    guard,
    in_state,
    invoke,
    on,
    on_enter,
    output,
)
from fsm.people import deadline, human
from fsm.saga import compensate
from fsm.talking import Question


class Pay(Event):
    amount: int


class Refund(Event):
    amount: int


class Stranger(Event): ...


class Receipt(Context):
    id: str


class Data(Context):
    amount: int = 0


class Quote(Question[Receipt]):
    item: str


class Payments(Protocol):
    async def charge(self, amount: int) -> Receipt: ...


class Bad(StateMachine[Data, Pay | Refund]):
    payments: Payments

    class Open(State, initial=True):
        class Cart(State, initial=True): ...

    class Closed(Final): ...

    class Gone(Final, intial=True): ...  # E: a misspelt keyword of a state

    @guard
    def rich(self) -> bool:
        return self.ctx.amout > 0  # E: a misspelt context field

    @guard
    def wealthy(self) -> bool:
        self.ctx.amount = "much"  # E: a wrong value for a context field
        return True

    def plain(self) -> bool:
        return True

    unknown = edge(Pay, Open.Cartt, to=Closed)  # E: an unknown state as source
    nowhere = edge(Pay, Open, to=Open.Nowhere)  # E: an unknown state as target
    textual = edge(Pay, "Open", to=Closed)  # E: text in the place of a source
    texts = edge(Pay, Open, to="Closed")  # E: text in the place of a target
    wrong_when = edge(Pay, Open, to=Closed, when=plain)  # E: a non-guard in when=
    always_true = edge(Pay, Open, to=Closed, when=True)  # E: a value in when=
    both = edge(Pay, Open, to=Closed, when=rich & plain)  # E: a non-guard within a guard expression
    lambda_when = edge(Pay, Open, to=Closed, when=lambda: True)  # E: a function in when=
    not_an_event = edge(Data, Open, to=Closed)  # E: a context in the place of an event
    number_state = edge(Pay, Open, when=in_state("Open"))  # E: text in the place of a state
    finish = all_done("Open", to=Closed)  # E: text in the place of a composite

    @on(Pay, Open, to=Closed)  # E: the wrong event type in a handler
    def keep(self, ev: Refund) -> None: ...

    @on(Pay, Open, to=Closed)  # E: too many parameters in a handler
    def three(self, ev: Pay, more: int) -> None: ...

    @on(Pay, Open, to=Closed)
    def field(self, ev: Pay) -> None:
        self.ctx.amount = ev.amout  # E: a misspelt event field

    @invoke(Open)
    async def charge(self) -> Receipt:
        return await self.payments.charge("30")  # E: a wrong argument of a service

    @charge.done(to=Closed)  # E: a wrong result type in .done
    def receive(self, ev: Done[Refund]) -> None: ...

    @charge.failed(to=Closed)  # E: the wrong event in .failed
    def lose(self, ev: Done[Receipt]) -> None: ...

    @charge.failed(to=Closed)
    def explain(self, ev: Failed) -> None:
        print(ev.error.text)  # E: a misspelt field of a failure

    @on(Pay)
    def misuse(self, ev: Pay) -> None:
        self.paymnts.charge(1)  # E: an unknown service


run = Bad.rehearse(Data(amount=1))
run.send(Stranger())  # E: an event outside the alphabet
run.send(Pay(amout=3))  # E: a misspelt payload field
run.send(Pay(amount="much"))  # E: a wrong payload field
run.send(Pay())  # E: a missing payload field
run.send(3)  # E: not an event at all
print(run.ctx.amout)  # E: a misspelt field of the context seen from outside
Bad.rehearse(Receipt(id="r"))  # E: the context of another machine
total: int = run.output  # E: this machine has no output


class Typed(StateMachine[Data, Pay, Receipt]):
    class Open(State, initial=True): ...

    late = after(30, Open, to=Open)  # E: a number in the place of a delay

    @on_enter("Open")  # E: text in the place of a state
    def entered(self) -> None:
        self.raise_("Pay")  # E: text in the place of an event
        self.send(Pay(amount=1), delay=5)  # E: a number in the place of a delay
        self.spawn(Data)  # E: a context in the place of a machine
        self.now = 5  # E: the time cannot be assigned

    @guard  # E: a guard takes (self) or (self, ev)
    def much(self, ev: Pay, more: int) -> bool:
        return True

    @guard  # E: a guard answers with a bool
    def words(self) -> str:
        return ""

    @invoke(Open)  # E: an invoke is asynchronous
    def work(self) -> int:
        return 1

    @output(Open)  # E: only a final state has an output
    def bill(self) -> Receipt:
        return Receipt(id="r")

    first = default(Open, to=Open)  # E: only a history has a default


class Child(StateMachine[Receipt, Pay, int]):
    class Open(State, initial=True):
        tries: int = 0

    class Route(Choice): ...

    class Closed(Final): ...

    later = defer(Data, Open)  # E: a context in the place of an event that waits
    late = defer(Pay, "Open")  # E: text in the place of a state that keeps

    @choose(Open)  # E: a state is not a choice
    def pick(self) -> type[Open]:
        return self.Open

    @choose(Route)
    def route(self) -> type[Open] | type[Closed]:
        return Bad.Open  # E: a way to a state of another machine

    @choose(Route)
    def nothing(self) -> type[Closed]:
        return None  # E: no way at all

    @on(Pay, Open)
    def count(self) -> None:
        print(self.local(self.Open).trys)  # E: a misspelt field of a state
        self.local(self.Open).tries = "many"  # E: a wrong value for a field of a state
        text: str = self.local(self.Open).tries  # E: a field of a state is an int
        self.local("Open")  # E: text in the place of a state with data
        self.progress("half")  # E: a text in the place of a number
        self.cancel_send(5)  # E: a number in the place of a name
        print(text)


class Parent(StateMachine[Data, Pay]):
    class Open(State, initial=True): ...

    @invoke(Open, machine=Child)  # E: the wrong data of a child
    def wrong(self) -> Data:
        return Data()

    @invoke(Open, machine=Child)  # E: the data of a child are not waited for
    async def waiting(self) -> Receipt:
        return Receipt(id="r")

    @invoke(Open, machine=Child, forward=["Pay"])  # E: text in the place of a forwarded event
    def child(self) -> Receipt:
        return Receipt(id="r")

    @child.done()  # E: the wrong output of a child
    def keep(self, ev: Done[str]) -> None: ...

    @invoke(Open, machine=Data)  # E: a context in the place of a machine
    def odd(self) -> Receipt:
        return Receipt(id="r")


class Fan(StateMachine[Data]):
    class Open(State, initial=True): ...

    def words(self) -> list[str]:
        return []

    @invoke(Open, each=words)  # E: the method takes another kind of item
    async def wrong(self, number: int) -> str:
        return ""

    @invoke(Open, each=words)
    async def fetch(self, word: str) -> str:
        return word

    @fetch.done()  # E: the results come as a list
    def one(self, ev: Done[str]) -> None: ...

    @invoke(Open, each=words, failures="keep")
    async def kept(self, word: str) -> str:
        return word

    @kept.done()  # E: kept failures are in the list
    def several(self, ev: Done[list[str]]) -> None: ...

    @invoke(Open, each=words, join="some")  # E: not a way to join
    async def odd(self, word: str) -> str:
        return word

    @invoke(Open, each=words, join="any", failures="keep")  # E: nothing to keep when one is enough
    async def both(self, word: str) -> str:
        return word

    @fetch.undo  # E: the answer is a list of text
    def unfetch(self, words: list[int]) -> None: ...

    @on(Pay, Open)
    def pay(self, ev: Pay) -> None: ...

    @pay.undo  # E: another event than that of the edge
    def refund(self, ev: Stranger) -> None: ...

    undone = compensate("Open")  # E: text in the place of a compensating state

    @undone.done()  # E: a compensation answers with names
    def tell(self, ev: Done[int]) -> None: ...


class Loan(StateMachine[Data, Pay]):
    class Open(State, initial=True): ...

    @human(Open, form=Receipt, assignee=5)  # E: a number in the place of a person
    def somebody(self) -> str:
        return ""

    @human(Open, form=int)  # E: a form that is no model
    def number(self) -> str:
        return ""

    @human(Open, form=Receipt)  # E: a text that is a number
    def text(self) -> int:
        return 1

    @human(Open, form=Receipt)
    def review(self) -> str:
        return ""

    @review.done()  # E: the answer of another form
    def keep(self, ev: Done[Data]) -> None: ...

    failed = review.failed(to=Open)  # E: a human task never fails
    sla = deadline(Open, breach=5)  # E: a number in the place of a delay
    late = sla.breached(to="Open")  # E: text in the place of a state


async def doing(orchestrator: Orchestrator) -> None:
    await orchestrator.people.claim("L-1/review.1")  # E: nobody claims it


Bad.rehearse(Data()).can(Stranger())  # E: asking for an event outside the alphabet
receipt: Data = Typed.rehearse().output  # E: the output is a Receipt


async def running(orchestrator: Orchestrator) -> None:
    order = await orchestrator.start(Bad, Data(amount=1), id="A-1")
    await order.send(Stranger())  # E: an event outside the alphabet
    await order.send(Pay(amount="much"))  # E: a wrong payload field
    await order.send(Pay(amount=1), wait="done")  # E: not something to wait for
    number: int = await order.result()  # E: this machine has no output
    print(number)
    print((await order.snapshot()).context.amout)  # E: a misspelt context field
    await orchestrator.start(Bad, Receipt(id="r"), id="A-2")  # E: the context of another machine
    text: str = await order.ask(Quote(item="book"))  # E: the answer is a Receipt
    await order.ask(Pay(amount=1))  # E: asking for what is no question
    await order.ask(Quote(item=5))  # E: a wrong field of a question
    await order.wait_for(Stranger)  # E: an event in the place of a state
    await orchestrator.start(Bad, Data(), key=7)  # E: a number in the place of a key
    orchestrator.get("A-1", Bad, key="PO-7")  # E: an id and a key at once
    print(text)


rehearsed: str = Bad.rehearse().ask(Quote(item="book"))  # E: the answer is a Receipt here too
