"""Human tasks are declared above the text for the person; every mistake is told with its line and its fix."""

from __future__ import annotations

import json

import pytest

from fsm import Context, Done, Event, Final, History, Parallel, State, StateMachine, edge, on_enter
from fsm.chart.human import human
from fsm.errors import DefinitionError
from tests.fsm.chart.refusal import odd, refused


class Verdict(Context):
    approve: bool
    note: str = ""


class Go(Event): ...


class Loan(StateMachine):
    class Review(State, initial=True): ...

    class Late(State): ...

    class Decided(Final): ...

    @human(Review, form=Verdict, assignee=lambda self: f"desk of {self.id}", due="2d")
    def review(self) -> str:
        return "Look"

    @review.done(to=Decided)
    def decided(self, ev: Done[Verdict]) -> None: ...

    late = review.overdue(to=Late)


class Twice(Loan):
    class Again(Loan.Review): ...

    again = edge(Go, Loan.Late, to=Again)


def test_a_task_is_an_invoke_with_a_person() -> None:
    (invoke,) = Loan.__chart__.invokes
    assert (invoke.id, invoke.result, invoke.aside) == ("review", Verdict, True)
    person = invoke.person
    assert person is not None
    assert (person.due_ms, person.label) == (172_800_000, "")
    assert json.loads(person.schema)["required"] == ["approve"]
    assert [(t.trigger.label, t.trigger.key) for t in Loan.__chart__.transitions] == [
        ("done", "done.invoke.review"),
        ("overdue 2d", "overdue:Review#review"),
    ]


def test_the_assignee_may_depend_on_the_machine() -> None:
    assert [task.assignee for task in Loan.rehearse(id="L-1").tasks] == ["desk of L-1"]


def test_a_copy_of_the_state_has_a_task_of_its_own() -> None:
    assert [i.id for i in Twice.__chart__.invokes] == ["review", "review@Again"]


@refused("form=<class 'int'> is not a form; name a pydantic model")
def test_a_form_is_a_model() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(Open, form=odd(int))
        def task(self) -> str:
            return ""


@refused("task: overwritten: a later line uses the name 'task' again; give one of them another name")
def test_two_tasks_need_two_names() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(Open, form=Verdict)
        def task(self) -> str:
            return ""

        @human(Open, form=Verdict)  # type: ignore[no-redef]
        def task(self) -> str:  # noqa: F811
            return ""


@refused("Closed is a Final and cannot own work; name a State", "Past is a History and cannot own work", count=2)
def test_a_final_or_a_history_state_cannot_own_a_task() -> None:
    class Bad(StateMachine):
        class Open(Parallel, initial=True):
            class A(State): ...

            class B(State):
                class One(State, initial=True): ...

                class Past(History): ...

                class Closed(Final): ...

        @human(Open.B.Closed, Open.B.Past, form=Verdict)
        def task(self) -> str:
            return ""


@refused(
    "due: 'soon' is not a delay",
    "assignee=5 names nobody; write text, or a function of self that gives it",
    "is opened within its turn and waits for nothing; write def",
    "gives int, but a person reads text; return a str",
    count=4,
)
def test_due_assignee_and_text_are_what_they_should_be() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(Open, form=Verdict, due="soon")
        def when(self) -> str:
            return ""

        @human(Open, form=Verdict, assignee=odd(5))
        def who(self) -> str:
            return ""

        @human(Open, form=Verdict)
        @odd
        async def how(self) -> str:
            return ""

        @human(Open, form=Verdict)
        @odd
        def what(self) -> int:
            return 1


@refused("never comes: task has no due=; give it one, as in due='2d'")
def test_what_is_never_due_is_never_overdue() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(Open, form=Verdict)
        def task(self) -> str:
            return ""

        late = task.overdue(to=Open)


@refused("names no state; say which, as in @human(Open, form=…)", "decorates nothing; write it above", count=2)
def test_a_task_has_a_state_and_a_text() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(form=Verdict)
        def task(self) -> str:
            return ""

        bare = human(Open, form=Verdict)


@refused("form: Odd cannot be filled in: ")
def test_a_form_can_be_filled_in_as_json() -> None:
    class Odd(Context):
        model_config = {"arbitrary_types_allowed": True}
        what: slice

    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(Open, form=Odd)
        def task(self) -> str:
            return ""


@refused(
    "the action decided expects Done[str], the edge gives Completed[Verdict]; annotate the event as Completed[Verdict]"
)
def test_the_answer_is_the_form() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @human(Open, form=Verdict)
        def task(self) -> str:
            return ""

        @task.done()  # type: ignore[arg-type]
        def decided(self, ev: Done[str]) -> None: ...


@refused("belongs to a human task that is not part of this machine; declare it in this class")
def test_an_overdue_edge_belongs_to_a_task_of_its_machine() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        @on_enter(Open)
        def begin(self) -> None: ...

        late = Loan.review.overdue(to=Open)


def test_a_decorator_that_decorates_nothing_has_no_edges() -> None:
    with pytest.raises(DefinitionError, match="a human task without a method"):
        human(Loan.Review, form=Verdict).done(to=Loan.Decided)
