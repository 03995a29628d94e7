"""Deadlines are timers of states; every mistake is told with its line and its fix."""

from __future__ import annotations

from fsm import Context, Event, Final, State, StateMachine, edge
from fsm.chart.deadline import deadline
from tests.fsm.chart.refusal import refused


class Answer(Event): ...


class Ticket(StateMachine[Context, Answer]):
    class Open(State, initial=True): ...

    class Late(State): ...

    class Closed(Final): ...

    answer = deadline(Open, warn="4h", breach="1d")
    late = answer.breached(to=Late)
    close = edge(Answer, Open, Late, to=Closed)


def test_a_warning_that_nobody_waits_for_has_a_timer_too() -> None:
    assert [(t.name, t.trigger.key, t.trigger.label, t.targets) for t in Ticket.__chart__.transitions[-1:]] == [
        ("answer.warn", "warn:Open#answer", "warn 4h", ())
    ]
    assert Ticket.rehearse().advance("4h").trace[-1].event == "warn:Open#answer"


def test_what_is_answered_in_time_is_no_breach() -> None:
    r = Ticket.rehearse()
    r.advance("5h").send(Answer())
    assert [step.event for step in r.advance("2d").trace] == ["start", "warn:Open#answer", "Answer", "stop"]


@refused(
    "says no time; write warn=, breach= or both", "warns at 2d, not before the breach at 1d; warn earlier", count=2
)
def test_a_deadline_says_when_and_warns_first() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        none = deadline(Open)
        late = deadline(Open, warn="2d", breach="1d")


@refused(
    "breach: 'soon' is not a delay",
    "names no state; say which, as in deadline(Open, breach='1d')",
    "never comes: sla has no warn=; give it one, as in warn='2d'",
    count=3,
)
def test_times_and_states_are_checked() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        soon = deadline(Open, breach="soon")
        nowhere = deadline(breach="1d")
        sla = deadline(Open, breach="1d")
        warned = sla.warned(to=Open)


@refused("is lost: assign it to a name of its own")
def test_a_deadline_has_a_name() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True): ...

        deadline(Open, breach="1d")


@refused("nobody stays in Open.Closed, so that it has no deadline; name a State")
def test_a_final_state_has_no_deadline() -> None:
    class Bad(StateMachine):
        class Open(State, initial=True):
            class On(State, initial=True): ...

            class Closed(Final): ...

        end = edge(Answer, Open.On, to=Open.Closed)
        sla = deadline(Open.Closed, breach="1d")
