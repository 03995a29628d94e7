"""Rehearsals follow the policies of calls: attempts at once, adjusted, and then the fallback."""

from __future__ import annotations

from typing import Any

import pytest

from fsm import on
from fsm.errors import PolicyInvalid
from fsm.service import Retry, Retryable, Terminal, call
from tests.fsm.runtime.ladders import Ask, Backup, Bank, Client, Errand, Order, Teller


class Busy(Exception):
    """The bank has no time."""


def said(method: str, *script: Exception | str) -> tuple[list[str], Teller]:
    teller = Teller({method: list(script)})
    rehearsal = Client.rehearse(services={Bank: teller, Backup: teller})
    rehearsal.send(Ask(method=method))
    return rehearsal.ctx.said, teller


def test_a_call_is_repeated_at_once_and_no_time_passes() -> None:
    teller = Teller({"steady": [Busy("1"), Retryable("2", after="3h")]})
    rehearsal = Errand.rehearse(Order(method="steady"), services={Bank: teller, Backup: teller})
    before = rehearsal.now
    assert rehearsal.settle().output == "ok"
    assert rehearsal.now == before
    assert [(made.attempt, made.key) for made in teller.made] == [(n, teller.made[0].key) for n in (1, 2, 3)]


def test_the_last_failure_is_that_of_the_call() -> None:
    assert said("quick", *map(Busy, "1234"))[0] == ["Busy: 3"]
    assert said("quick", Terminal("never"))[0] == ["Terminal: never"]
    assert said("once", Busy("no"))[0] == ["Busy: no"]


def test_adjusted_attempts_have_other_arguments_and_other_keys() -> None:
    answers, teller = said("adjusted", Busy("1"), Busy("2"))
    assert answers == ["ok"]
    assert [(made.amount, made.note) for made in teller.made] == [(8, ""), (4, "1. Busy"), (2, "2. Busy")]
    assert len({made.key for made in teller.made}) == 3


def test_an_adjust_that_invents_arguments_fails_the_call() -> None:
    invents: Any = lambda arguments, error, attempt: {"sum": 1}  # noqa: E731

    class Careless(Client):
        @on(Ask, Client.Here)
        async def ask(self, ev: Ask) -> None:
            try:
                await call(retry=Retry(2), adjust=invents)(self.bank.plain)(ev.amount)
            except Exception as problem:
                self.ctx.said.append(str(problem))

    teller = Teller({"plain": [Busy("1")]})
    rehearsal = Careless.rehearse(services={Bank: teller, Backup: teller})
    rehearsal.send(Ask(method="plain"))
    assert "adjust gave 'sum', which it does not take" in rehearsal.ctx.said[0]


def test_the_fallback_gets_the_arguments_of_the_call() -> None:
    answers, teller = said("backed", Busy("1"), Busy("2"))
    assert answers == ["ok"]
    assert [(made.method, made.amount) for made in teller.made] == [("backed", 8), ("backed", 8), ("charge", 8)]
    assert teller.made[2].key == f"{teller.made[0].key}:Backup.charge"


def test_policies_that_cannot_be_followed_are_refused_at_the_beginning() -> None:
    with pytest.raises(PolicyInvalid, match="give the machine an attribute with its contract, or services= an impl"):
        Client.rehearse(services={Bank: Teller()})
