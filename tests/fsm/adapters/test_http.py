"""Services over HTTP, asked by real machines and by hand, against a server that does everything wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

import anyio
import anyio.lowlevel
import httpx
import pytest
from pydantic import BaseModel

from fsm import Context, Done, Failed, Final, Orchestrator, State, StateMachine, invoke
from fsm.adapters import Route, http_service
from fsm.adapters.http import HttpService
from fsm.errors import DefinitionError, ServiceInvalid
from fsm.service import CurrentCall, Retry, Retryable, Terminal, call
from fsm.service.current import serving
from persistence import MemoryStore
from tests.fsm.adapters.web import Asked, Told, Web

pytestmark = pytest.mark.anyio


class Charge(BaseModel):
    id: str
    amount: Decimal


class Payments(Protocol):
    async def charge(self, customer: str, amount: Decimal) -> Charge: ...
    async def find(self, id: str, fields: list[str] | None = None) -> Charge | None: ...
    async def note(self, id: str, text: str) -> str: ...
    async def drop(self, id: str) -> None: ...


ROUTES: dict[str, Route | str] = {
    "charge": "POST /customers/{customer}/charges",
    "find": Route("GET /charges/{id}", statuses={404: None}),
    "note": Route("PUT /charges/{id}/note", body="text"),
    "drop": "DELETE /charges/{id}",
}


def payments(web: Web, **more: Any) -> Any:
    return http_service(Payments, web.url, ROUTES, **more)


async def asked(service: HttpService, ask: Callable[[Any], Awaitable[Any]]) -> Any:
    async with service:
        return await ask(service)


async def failing(web: Web, told: Told | None, error: type[Exception], **more: Any) -> Any:
    web.tells = lambda asked: told
    with pytest.raises(error) as caught:
        await asked(payments(web, **more), lambda bank: bank.charge("ada", Decimal(5)))
    return caught.value


async def test_arguments_go_into_path_query_and_body_and_the_answer_is_of_the_annotated_type(web: Web) -> None:
    web.tells = lambda asked: Told(201, {"id": "c-1", "amount": "12.50"})
    async with payments(web) as bank:
        with serving(CurrentCall("A-1/start/bank.charge/0f/0", 1, "A-1", "bank", "charge")):
            assert await bank.charge("ada b/c", amount=Decimal("12.50")) == Charge(id="c-1", amount=Decimal("12.50"))
            await bank.find("ü?", ["id", "amount"])
        assert await bank.drop("1") is None
    made, found, dropped = web.asked
    assert (made.line, made.body) == ("POST /v2/customers/ada%20b%2Fc/charges", {"amount": "12.50"})
    assert made.headers["Idempotency-Key"] == "A-1/start/bank.charge/0f/0"
    assert found.line == "GET /v2/charges/%C3%BC%3F?fields=id&fields=amount"
    assert found.headers["Idempotency-Key"] is None
    assert (dropped.line, dropped.body, dropped.headers["Idempotency-Key"]) == ("DELETE /v2/charges/1", None, None)


async def test_a_key_that_no_header_can_carry_is_sent_as_its_digest(web: Web) -> None:
    web.tells = lambda asked: Told(201, {"id": "c-1", "amount": "1"})
    async with payments(web) as bank:
        for instance in ("Ä-1", "x" * 300):
            with serving(CurrentCall(f"{instance}/start", 1, instance, "bank", "charge")):
                await bank.charge("ada", Decimal(1))
                await bank.charge("ada", Decimal(1))
    keys = [str(one.headers["Idempotency-Key"]) for one in web.asked]
    assert [len(key) for key in keys] == [64] * 4
    assert len(set(keys)) == 2


async def test_a_status_may_mean_the_answer_none(web: Web) -> None:
    web.tells = lambda asked: Told(404, {"title": "no such charge"})
    assert await asked(payments(web), lambda bank: bank.find("1")) is None


async def test_text_is_taken_as_it_is_where_it_is_not_json(web: Web) -> None:
    web.tells = lambda asked: Told(200, f"noted: {asked.body}".encode())
    assert await asked(payments(web), lambda bank: bank.note("1", "late")) == "noted: late"
    web.tells = lambda asked: Told(200, "in JSON")
    assert await asked(payments(web), lambda bank: bank.note("1", "late")) == "in JSON"


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (408, {}, None),
        (425, {}, None),
        (429, {"Retry-After": "7"}, 7.0),
        (500, {}, None),
        (502, {"Retry-After": "soon"}, None),
        (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
        (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        (599, {"Retry-After": "9" * 400}, 86_400.0),
    ],
)
async def test_trouble_that_may_pass_is_retryable(
    web: Web, status: int, headers: dict[str, str], after: float | None
) -> None:
    problem = await failing(web, Told(status, {"detail": "later"}, headers), Retryable)
    if "Date" in headers:  # the server sends a date of its own too: the first one counts
        assert problem.after is not None
    else:
        assert problem.after == after
    assert str(problem).startswith(f"Payments.charge: POST /customers/{{customer}}/charges answered {status}")


@pytest.mark.parametrize("status", [301, 400, 402, 404, 409, 422])
async def test_other_statuses_are_terminal_with_the_problem(web: Web, status: int) -> None:
    problem = await failing(web, Told(status, {"title": "no", "balance": 3}, {"Location": "/elsewhere"}), Terminal)
    assert problem.data == {"status": status, "body": {"title": "no", "balance": 3}}
    assert str(problem).endswith(": no")
    assert len(web.asked) == 1


async def test_statuses_can_be_given_another_meaning(web: Web) -> None:
    meanings = {409: Retryable, 503: Terminal}
    await failing(web, Told(409), Retryable, statuses=meanings)
    await failing(web, Told(503), Terminal, statuses=meanings)
    await failing(web, Told(200), Terminal, statuses={200: Terminal})


@pytest.mark.parametrize("body", [{"id": 5}, [], None, b"<html>", b"", b"\xff"])
async def test_an_answer_that_does_not_fit_the_contract_is_terminal(web: Web, body: Any) -> None:
    problem = await failing(web, Told(200, body), Terminal)
    assert "does not fit" in str(problem) or "answered 200 with what" in str(problem)


async def test_a_huge_answer_is_not_read_to_its_end(web: Web) -> None:
    problem = await failing(web, Told(200, b"x" * 100_000), Terminal, response_bytes_max=50_000)
    assert "more than 50,000 bytes" in str(problem)
    problem = await failing(web, Told(400, b"x" * 100_000), Terminal)
    assert len(problem.data["body"]) == 16_384


@pytest.mark.parametrize("told", [None, Told(200, b"half of it", declared=1000)], ids=["hangs up", "breaks off"])
async def test_a_connection_that_breaks_is_retryable(web: Web, told: Told | None) -> None:
    assert "was not answered" in str(await failing(web, told, Retryable))


async def test_nobody_there_is_retryable(web: Web) -> None:
    with pytest.raises(Retryable, match=r"Payments\.drop: DELETE /charges/\{id\} was not answered"):
        await asked(http_service(Payments, "http://127.0.0.1:9", ROUTES), lambda bank: bank.drop("1"))


async def test_a_server_that_hangs_is_given_up_and_retryable(web: Web) -> None:
    def hang(asked: Asked) -> None:
        web.over.wait(10)

    web.tells = hang
    client = lambda: httpx.AsyncClient(timeout=0.05)  # noqa: E731
    with pytest.raises(Retryable, match="ReadTimeout"):
        await asked(payments(web, client=client), lambda bank: bank.drop("1"))
    with anyio.fail_after(30):
        async with payments(web) as bank:
            with anyio.move_on_after(0.05) as scope:  # as the timeout of a policy does
                await bank.drop("1")
            assert scope.cancelled_caught


@pytest.mark.parametrize("id", ["", ".", "..", None])
async def test_an_argument_cannot_lead_to_another_path(web: Web, id: Any) -> None:
    with pytest.raises(Terminal, match=r"Payments.drop: id=.* cannot be"):
        await asked(payments(web), lambda bank: bank.drop(id))
    assert not web.asked


@pytest.mark.parametrize("kind", ["plain", "made", "awaited"])
async def test_headers_may_be_made_for_each_request(web: Web, kind: str) -> None:
    def made() -> Mapping[str, str]:
        return {"Authorization": "Bearer t"}

    async def awaited() -> Mapping[str, str]:
        await anyio.lowlevel.checkpoint()
        return made()

    headers: Any = {"plain": made(), "made": made, "awaited": awaited}[kind]
    web.tells = lambda asked: Told(204, b"")
    await asked(payments(web, headers=headers), lambda bank: bank.drop("1"))
    assert web.asked[0].headers["Authorization"] == "Bearer t"


async def test_a_header_that_would_smuggle_another_is_terminal(web: Web) -> None:
    with pytest.raises(Terminal, match="cannot be asked"):
        await asked(payments(web, headers={"X-Name": "a\r\nX-Admin: 1"}), lambda bank: bank.drop("1"))
    assert not web.asked


async def test_a_service_that_is_not_open_says_so(web: Web) -> None:
    with pytest.raises(ServiceInvalid, match="is not open; use it inside `async with`"):
        await payments(web).drop("1")


async def test_it_stays_open_until_the_last_one_has_left(web: Web) -> None:
    web.tells = lambda asked: Told(204, b"")
    bank = payments(web)
    async with bank:
        async with bank:
            pass
        await bank.drop("1")
    with pytest.raises(ServiceInvalid):
        await bank.drop("1")


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        http_service(Payments, "bank.example", {"chrage": "POST /charges", "find": "GET charges"}, statuses={99: None})
    assert len(caught.value.problems) == 7
    assert "'bank.example' is not the address of a web service" in str(caught.value)
    assert "chrage: the contract has no such method" in str(caught.value)
    assert "drop: nothing is declared for it" in str(caught.value)


def test_without_httpx_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['httpx'] = None\n"
        "from fsm.adapters import http_service\n"
        "class C:\n    async def f(self) -> None: ...\n"
        "http_service(C, 'http://localhost', {'f': 'GET /'})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "MissingExtra" in done.stderr
    assert "pip install 'dynamic-orchestrator[http]'" in done.stderr


# ---- in machines


class Bank(Protocol):
    @call(retry=Retry(3, backoff="1ms"))
    async def charge(self, amount: int) -> Charge: ...


class Bill(Context):
    paid: str = ""


class Payment(StateMachine[Bill]):
    bank: Bank

    class Due(State, initial=True): ...

    class Settled(Final): ...

    @invoke(Due)
    async def pay(self) -> Charge:
        return await self.bank.charge(5)

    @pay.done(to=Settled)
    def paid(self, ev: Done[Charge]) -> None:
        self.ctx.paid = ev.data.id

    @pay.failed(to=Settled)
    def unpaid(self, ev: Failed) -> None:
        self.ctx.paid = f"{ev.error.kind}: {ev.error.message}"


async def paid(web: Web) -> str:
    bank = http_service(Bank, web.url, {"charge": "POST /charges"})
    async with Orchestrator(MemoryStore(), [Payment], {Bank: bank}) as orchestrator:
        payment = await orchestrator.start(Payment, id="p")
        await payment.result(timeout=30)
        return (await payment.snapshot()).context.paid


async def test_attempts_of_a_machine_carry_one_key_so_that_the_bank_charges_once(web: Web) -> None:
    charged: dict[str, Told] = {}

    def tells(asked: Asked) -> Told:
        name = str(asked.headers["Idempotency-Key"])
        known = charged.setdefault(name, Told(200, {"id": f"c-{len(charged) + 1}", "amount": "5"}))
        return known if len(web.asked) == 3 else Told(503, {}, {"Retry-After": "0"})

    web.tells = tells
    assert await paid(web) == "c-1"
    assert (len(web.asked), len(charged)) == (3, 1)


async def test_a_refusal_ends_the_attempts_and_reaches_the_machine_with_its_problem(web: Web) -> None:
    web.tells = lambda asked: Told(402, {"title": "declined"})
    assert await paid(web) == "Terminal: Bank.charge: POST /charges answered 402 Payment Required: declined"
    assert len(web.asked) == 1
