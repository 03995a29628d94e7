"""The `self` of handlers: nothing can be put on it or taken from it, and a machine is not called."""

from __future__ import annotations

from typing import Protocol

import pytest

from fsm import Context, Event, State, StateMachine, edge, guard, on
from fsm.errors import HandlerMisuse
from tests.fsm.chart.refusal import odd


class Do(Event):
    what: str


class Bell(Protocol):
    async def ring(self) -> int: ...


class Machine(StateMachine[Context, Do]):
    bell: Bell
    LIMIT = 5

    class A(State, initial=True): ...

    @guard
    def asked(self, ev: Do) -> bool:
        if ev.what == "guard":
            odd(self).answer = 1
        return True

    @on(Do, A, when=asked)
    def do(self, ev: Do) -> None:
        match ev.what:
            case "new":
                odd(self).total = 1
            case "ctx":
                self.ctx = Context()
            case "now":
                odd(self).now = None
            case "service":
                self.bell = odd(None)
            case "constant":
                self.LIMIT = 6
            case "delete":
                del self.bell


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("new", "total"),
        ("ctx", "ctx"),
        ("now", "now"),
        ("service", "bell"),
        ("constant", "LIMIT"),
        ("guard", "answer"),
    ],
)
def test_assigning_an_attribute_of_self_fails_the_turn(what: str, name: str) -> None:
    r = Machine.rehearse()
    with pytest.raises(HandlerMisuse, match=rf"Machine\.{name}: .* keep data in self\.ctx"):
        r.send(Do(what=what))
    assert r.send(Do(what="nothing")).transitions == ("do",)


def test_deleting_an_attribute_of_self_fails_the_turn() -> None:
    with pytest.raises(HandlerMisuse, match=r"Machine\.bell: nothing of a machine can be deleted"):
        Machine.rehearse().send(Do(what="delete"))


def test_calling_a_machine_says_how_to_run_it() -> None:
    with pytest.raises(TypeError, match=r"Machine is a machine: start it with `orchestrator\.start\(Machine"):
        Machine()


def test_two_machines_do_not_share_what_they_say() -> None:
    class Other(Machine):
        extra = edge(Do, Machine.A, when=~Machine.asked)

    assert len(Machine.__chart__.transitions) == 1
    assert len(Other.__chart__.transitions) == 2
