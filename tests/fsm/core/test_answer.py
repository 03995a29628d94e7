"""Questions are answered within the turn that takes them, with what they name; anything else is refused."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from fsm import Context, Event, State, StateMachine, always, defer, edge, invoke, on
from fsm.chart.event import known_events, wire_name
from fsm.core.answer import answer_of
from fsm.errors import DefinitionError, EventInvalid, HandlerMisuse, NotAnswered, UnhandledError, UnknownEvent
from fsm.talking import Question


class Price(Context):
    amount: int
    notes: list[str] = []


class Quote(Question[Price]):
    item: str


class Cheap(Quote): ...


class Whatever(Question): ...


class Count(Question[int], name="how.many"): ...


class Odd(Question[int]): ...


class Go(Event): ...


class Stranger(Question[int]): ...


class Book(Context):
    asked: int = 0


class Shop(StateMachine[Book, Quote | Whatever | Count | Odd | Go]):
    class Open(State, initial=True): ...

    class Counting(State): ...

    @on(Quote, Open)
    def price(self, ev: Quote) -> None:
        self.ctx.asked += 1
        self.reply(Price(amount=len(ev.item)))

    @on(Whatever, Open)
    def whatever(self) -> None:
        self.reply({"anything": [1, 2]})

    count = edge(Count, Open, to=Counting)

    @always(Counting, to=Open)
    def counted(self) -> None:
        self.reply(self.ctx.asked)

    @on(Odd, Open)
    def odd(self) -> None:
        self.ctx.asked += 1
        for answer in self.answers:
            self.reply(answer)

    @on(Go, Open)
    def go(self) -> None:
        self.reply(1)

    answers: ClassVar[list[Any]] = []


def test_a_question_gets_the_answer_of_its_turn() -> None:
    shop = Shop.rehearse()
    assert shop.ask(Quote(item="book")) == Price(amount=4)
    assert shop.ask(Cheap(item="pen")) == Price(amount=3)
    assert shop.ask(Count()) == 2
    assert shop.ask(Whatever()) == {"anything": [1, 2]}
    assert (shop.send(Count()).answer, shop.send("Quote", item="ab").answer) == ("2", '{"amount":2,"notes":[]}')


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        (["many"], "does not fit 'Odd', which is answered with a int"),
        ([1, 2], "is the first of 2 answers"),
    ],
)
def test_a_wrong_answer_fails_the_turn(monkeypatch: pytest.MonkeyPatch, answers: list[Any], problem: str) -> None:
    monkeypatch.setattr(Shop, "answers", answers)
    shop = Shop.rehearse()
    with pytest.raises(HandlerMisuse, match=problem):
        shop.ask(Odd())
    assert shop.ctx.asked == 0
    monkeypatch.setattr(Shop, "answers", [7])
    assert shop.ask(Odd()) == 7


def test_an_answer_that_nobody_asked_for_fails_the_turn() -> None:
    with pytest.raises(HandlerMisuse, match="nobody asked, for 'Go' is no Question"):
        Shop.rehearse().send(Go())


def test_a_question_without_an_answer_says_so() -> None:
    with pytest.raises(NotAnswered, match=r"Call self\.reply"):
        Shop.rehearse().ask(Odd())


def test_what_is_no_question_of_the_machine_cannot_be_asked() -> None:
    with pytest.raises(EventInvalid, match="no question"):
        Shop.rehearse().ask(Go())  # type: ignore[arg-type]
    with pytest.raises(UnknownEvent):
        Shop.rehearse().ask(Stranger())


class Helper(StateMachine[Book, Go]):
    class Open(State, initial=True): ...

    @invoke(Open)
    async def work(self) -> int:
        self.reply(1)
        return 1


def test_an_invoke_cannot_answer() -> None:
    with pytest.raises((HandlerMisuse, UnhandledError), match=r"self\.reply inside an invoke"):
        Helper.rehearse().settle()


def test_questions_have_names_of_their_own_and_are_known_by_their_bases() -> None:
    assert [wire_name(e) for e in (Quote, Cheap, Count, Question[int], Question)] == [
        "Quote",
        "Quote.Cheap",
        "how.many",
        "",
        "",
    ]
    assert {"Quote", "Quote.Cheap", "how.many"} <= set(known_events((Event,)))
    assert known_events((Quote, Event))["Quote"] is Quote
    assert "" not in known_events((Question,))


def test_an_edge_on_all_questions_is_refused() -> None:
    with pytest.raises(DefinitionError) as caught:

        class Vague(StateMachine[Book, Quote]):
            class Open(State, initial=True): ...

            typed = edge(Question[Price], Open)
            later = defer(Question, Open)

    assert "Question[Price] is a kind of events and none by itself" in caught.value.problems[0]
    assert "is not an event that can wait" in caught.value.problems[1]


def test_an_answer_to_another_event_is_not_taken_for_this_one() -> None:
    with pytest.raises(EventInvalid, match="the key belongs to an earlier 'Pay'"):
        answer_of(Count(), "Pay", "1")
    with pytest.raises(EventInvalid, match="is no int of this code"):
        answer_of(Count(), "how.many", '"x"')
