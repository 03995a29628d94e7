"""What both type checkers must refuse; each line that they flag ends in a comment, every other line is fine."""

from __future__ import annotations

from typing import Protocol

from fsm import Context, Done, Event, Failed, Final, State, StateMachine, all_done, edge, guard, in_state, invoke, on


class Pay(Event):
    amount: int


class Refund(Event):
    amount: int


class Stranger(Event): ...


class Receipt(Context):
    id: str


class Data(Context):
    amount: int = 0


class Payments(Protocol):
    async def charge(self, amount: int) -> Receipt: ...


class Bad(StateMachine[Data, Pay | Refund]):
    payments: Payments

    class Open(State, initial=True):
        class Cart(State, initial=True): ...

    class Closed(Final): ...

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
run.ctx.amout  # E: a misspelt field of the context seen from outside
Bad.rehearse(Receipt(id="r"))  # E: the context of another machine
total: int = run.output  # E: this machine has no output
