"""What a person is asked is made within the turn; what is answered is checked by the form."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fsm import Context, Event, State, StateMachine, edge
from fsm.core.asking import filled, signed, unsigned
from fsm.errors import FormInvalid, HandlerMisuse, UnhandledError
from fsm.people import human
from tests.fsm.chart.refusal import odd


class Go(Event): ...


class Day(Context):
    day: date
    seats: int = 1


class Trip(StateMachine[Context, Go]):
    class Home(State, initial=True): ...

    class Asking(State): ...

    go = edge(Go, Home, to=Asking)

    @human(Asking, form=Day, assignee=lambda self: odd(self.random.choice)(WHO))
    def when(self, ev: Event) -> str:
        return f"When, after {type(ev).__name__}?" if WHO != ["raise"] else odd(None).nothing


WHO: list[Any] = ["ann"]


def test_the_text_may_depend_on_the_event() -> None:
    r = Trip.rehearse()
    r.send(Go())
    assert [(task.text, task.assignee) for task in r.tasks] == [("When, after Go?", "ann")]


@pytest.mark.parametrize(("who", "said"), [("raise", "AttributeError"), (5, "TypeError: assignee 5")])
def test_a_task_that_cannot_be_opened_fails_its_turn(monkeypatch: pytest.MonkeyPatch, who: object, said: str) -> None:
    monkeypatch.setitem(globals(), "WHO", [who])
    r = Trip.rehearse()
    with pytest.raises(UnhandledError, match=f"human task when cannot be opened: {said}"):
        r.send(Go())
    assert r.configuration == {"Home"}


def test_misuse_within_the_text_keeps_its_name() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(Open, form=Day)
        def task(self) -> str:
            self.nothing = 1
            return ""

    with pytest.raises(HandlerMisuse, match="nothing"):
        Bad.rehearse()


def test_an_answer_is_the_form_or_its_fields() -> None:
    (when,) = Trip.__chart__.invokes
    wanted = '{"day":"2026-01-02","seats":1}'
    assert filled(when, Day(day=date(2026, 1, 2))) == filled(when, {"day": "2026-01-02"}) == wanted


def test_what_does_not_fit_the_form_is_told_field_by_field() -> None:
    (when,) = Trip.__chart__.invokes
    with pytest.raises(FormInvalid, match="day: Field required; seats: Input should be a valid integer") as caught:
        filled(when, {"seats": "many"}, "T-1/when.1")
    assert [field for field, _ in caught.value.problems] == ["day", "seats"]
    assert caught.value.task == "T-1/when.1"
    with pytest.raises(FormInvalid, match="form: Input should be"):
        filled(when, 5)


@pytest.mark.parametrize("answer", ['{"approve":true}', '["a","ä"]', '{"$by":"bob"}', '"yes"'])
def test_an_answer_is_kept_with_the_name_of_who_gave_it(answer: str) -> None:
    assert unsigned(signed(answer, 'ann "the second"')) == (answer, 'ann "the second"')
    assert unsigned(answer) == (answer, "")
