"""The command line: what each command prints, and the exit code of each way to fail."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner, Result

from fsm import Orchestrator
from fsm.cli import application
from fsm.command.target import load_file
from fsm.limits import INBOX_MAX
from fsm.ports.attempt import Attempt
from fsm.ports.store import Accepted, Commit
from persistence import open_store

SHOP = """
from typing import Protocol
from fsm import Context, Done, Event, Final, Orchestrator, State, StateMachine, after, edge, invoke, on, output

class Pay(Event):
    amount: int
class Stop(Event): ...
class Money(Context):
    amount: int = 0
    receipt: str = ""
class Bank(Protocol):
    async def charge(self, amount: int) -> str: ...

class Order(StateMachine[Money, Pay | Stop, str]):
    bank: Bank
    class Open(State, initial=True):
        class Cart(State, initial=True): ...
        class Paying(State): ...
    class Resting(State): ...
    class Gone(Final): ...
    @on(Pay, Open.Cart, to=Open.Paying)
    def remember(self, ev: Pay) -> None: self.ctx.amount = ev.amount
    @invoke(Open.Paying)
    async def charge(self) -> str: return await self.bank.charge(self.ctx.amount)
    @charge.done(to=Resting)
    def keep(self, ev: Done[str]) -> None: self.ctx.receipt = ev.data
    rested = after("1h", Resting, to=Gone)
    stop = edge(Stop, to=Gone)
    @output(Gone)
    def bill(self) -> str: return self.ctx.receipt

class Lamp(StateMachine):
    class Off(Final, initial=True): ...

class GoodBank:
    async def charge(self, amount: int) -> str: return f"R-{amount}"
class BadBank:
    async def charge(self, amount: int) -> str:
        if amount == 13: raise ValueError("an unlucky number")
        return f"R-{amount}"

good = {Bank: GoodBank()}
def bad(): return {Bank: BadBank()}
number = 7
"""

WRONG = """
from fsm import Event, State, StateMachine, edge
class Go(Event): ...
class Bad(StateMachine):
    class A(State): ...
    class B(State): ...
    go = edge(Go, A, to=B)
"""


async def _fill(file: Path, shop: Any) -> None:
    """A-1 waits in the cart, A-2 rests with a timer, A-3 is parked, A-4 is done."""
    async with Orchestrator(
        open_store(f"sqlite:///{file}"), machines=[shop.Order], services=shop.bad()
    ) as orchestrator:
        for number in range(1, 5):
            await orchestrator.start(shop.Order, id=f"A-{number}")
        await orchestrator.get("A-2").send(shop.Pay(amount=5), key="pay-2")
        await orchestrator.get("A-3").send(shop.Pay(amount=13), key="pay-3")
        await orchestrator.get("A-4").send(shop.Stop())
        with anyio.fail_after(10):
            while len(await orchestrator.find(state="Resting")) + len(await orchestrator.incidents()) < 2:
                await anyio.sleep(0.01)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(SHOP)
    anyio.run(_fill, folder / "orders.db", load_file(folder / "shop.py", "shop.py"))
    return folder


@pytest.fixture
def shop(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with shop.py and orders.db in it."""
    for file in ("shop.py", "orders.db"):
        shutil.copy(filled / file, tmp_path / file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FSM_STORE", "sqlite:///orders.db")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def fsm(*arguments: str) -> Result:
    return CliRunner().invoke(application(), list(arguments))


def data(*arguments: str) -> Any:
    """What a reading command prints with --json."""
    result = fsm(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fsm", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def refused(code: int, *arguments: str, says: str) -> None:
    """The command fails with this code, in one block on stderr, and never with a traceback."""
    result = fsm(*arguments)
    assert result.exit_code == code, (result.output, result.stderr)
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout


# ---- the whole


def test_help_names_every_command_without_importing_the_database() -> None:
    code = (
        "import sys; sys.argv = ['fsm', '--help']\n"
        "from fsm.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code)\n"
        "print(sorted({'sqlmodel', 'sqlalchemy', 'persistence', 'visualize', 'graphviz'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    for command in ("demo", "check", "draw", "run", "list", "show", "history", "send", "incidents", "retry"):
        assert f" {command} " in done.stdout
    assert done.stdout.endswith("0\n[]\n")


def test_version_is_printed() -> None:
    assert fsm("--version").stdout.startswith("0.")


def test_no_command_and_a_wrong_option_are_wrong_use(shop: Path) -> None:
    assert fsm().exit_code == 2
    assert fsm("list", "--bogus").exit_code == 2
    assert fsm("nonsense").exit_code == 2


def test_a_traceback_is_printed_only_when_asked_for(shop: Path) -> None:
    (shop / "broken.py").write_text("x = 1 / 0\n")
    plain = process("check", "broken.py:A")
    assert plain.returncode == 1
    assert plain.stderr.splitlines()[:2] == [
        "error: broken.py:A cannot be imported: ZeroDivisionError: division by zero",
        f"where: {shop}/broken.py:1",
    ]
    whole = process("check", "broken.py:A", "--traceback")
    assert whole.returncode == 1
    assert "Traceback (most recent call last)" in whole.stderr


# ---- check


def test_check_says_what_a_machine_is_made_of(shop: Path) -> None:
    result = fsm("check", "shop.py:Order")
    assert result.exit_code == 0
    assert result.stdout == "Order is in order: 5 states, 4 transitions, 1 invoke, 1 service; events: Pay, Stop\n"


def test_check_without_a_class_takes_all_of_the_module(shop: Path) -> None:
    found = data("check", "shop.py")
    assert [(row["machine"], row["ok"]) for row in found] == [("Order", True), ("Lamp", True)]
    assert found[0]["services"] == {"bank": "Bank"}


def test_check_takes_importable_modules() -> None:
    assert fsm("check", "fsm.demo.order:Order").exit_code == 0


def test_check_lists_every_mistake_of_a_definition(shop: Path) -> None:
    (shop / "wrong.py").write_text(WRONG)
    result = fsm("check", "wrong.py:Bad", "shop.py:Order")
    assert result.exit_code == 1
    assert "Bad: " in result.stderr
    assert "initial" in result.stderr
    assert "Order is in order" in result.stdout
    both = CliRunner().invoke(application(), ["check", "wrong.py:Bad", "--json"])
    assert both.exit_code == 1
    assert json.loads(both.stdout)[0]["problems"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere:Order", "no module 'nowhere'"),
        ("nowhere.py:Order", "no file nowhere.py"),
        ("shop.py:Ordr", "did you mean Order?"),
        ("shop.py:Pay", "not a machine class"),
        ("shop.py:number", "is a int, not a machine class"),
        (":Order", "names no module"),
    ],
)
def test_a_target_that_does_not_exist_is_wrong_use(shop: Path, target: str, says: str) -> None:
    refused(2, "check", target, says=says)
    refused(2, "draw", target, "-o", "x.svg", says=says)
    refused(2, "run", target, says=says)


# ---- draw


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "mmd", "txt"])
def test_draw_writes_every_format(shop: Path, suffix: str) -> None:
    result = fsm("draw", "shop.py:Order", "-o", f"order.{suffix}", "--theme", "dark", "--direction", "LR")
    assert (result.exit_code, result.stdout) == (0, f"order.{suffix}\n")
    assert (shop / f"order.{suffix}").stat().st_size > 100


def test_draw_shows_where_an_instance_stands(shop: Path) -> None:
    result = fsm("draw", "shop.py:Order", "-o", "order.txt", "--id", "A-2")
    assert result.exit_code == 0, result.stderr
    text = (shop / "order.txt").read_text()
    assert "● Resting" in text
    assert "√ Paying" in text


def test_draw_refuses_what_it_cannot_draw(shop: Path) -> None:
    refused(2, "draw", "shop.py:Order", "-o", "order.gif", says="'.gif'")
    refused(2, "draw", "shop.py:Order", "-o", "order.svg", "--theme", "pink", says="no theme 'pink'")
    refused(2, "draw", "shop.py:Order", "-o", "order.svg", "--direction", "RL", says="no direction 'RL'")
    refused(2, "draw", "shop.py", "-o", "order.svg", says="2 machine classes")
    refused(2, "draw", "shop.py:Order", "-o", "x.svg", "--store", "sqlite:///orders.db", says="belong together")
    refused(2, "draw", "shop.py:Lamp", "-o", "x.svg", "--id", "A-1", says="not of machine Lamp")
    refused(1, "draw", "shop.py:Order", "-o", "x.svg", "--id", "A-9", says="no instance 'A-9'")
    refused(1, "draw", "shop.py:Order", "-o", "nowhere/x.svg", says="folder")
    assert not (shop / "x.svg").exists()


# ---- looking


def test_list_shows_every_instance(shop: Path) -> None:
    lines = fsm("list").stdout.splitlines()
    assert lines[0].split() == ["ID", "MACHINE", "STATUS", "STATES", "SEQ", "STARTED"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["A-1", "Order", "running", "Open.Cart"],
        ["A-2", "Order", "running", "Resting"],
        ["A-3", "Order", "parked", "Open.Paying"],
        ["A-4", "Order", "done", "Gone"],
    ]


def test_list_filters_and_pages(shop: Path) -> None:
    def ids(*arguments: str) -> list[str]:
        return [row["id"] for row in data("list", *arguments)]

    assert ids("--status", "parked", "--status", "done") == ["A-3", "A-4"]
    assert ids("--state", "Open") == ["A-1", "A-3"]
    assert ids("--machine", "Lamp") == []
    assert ids("--after", "A-2") == ["A-3", "A-4"]
    page = fsm("list", "--limit", "2")
    assert "--after A-2" in page.stderr
    assert fsm("list", "--machine", "Lamp").stdout == "no instances\n"


def test_show_says_all_about_an_instance(shop: Path) -> None:
    resting = fsm("show", "A-2").stdout
    for part in ("status     running", "states     Resting", '"receipt": "R-5"', "timer      "):
        assert part in resting
    parked = fsm("show", "A-3").stdout
    assert "UnhandledError" in parked
    assert "fsm retry A-3" in parked
    assert "● Resting" in fsm("show", "A-2", "--machine", "shop.py:Order").stdout


def test_show_as_json_has_the_same_parts(shop: Path) -> None:
    shown = data("show", "A-2")
    assert shown["configuration"] == ["Resting"]
    assert shown["context"] == {"amount": 5, "receipt": "R-5"}
    assert [timer["key"].endswith("rested") for timer in shown["timers"]] == [True]
    assert shown["incident"] is None
    assert data("show", "A-3")["incident"]["kind"] == "UnhandledError"
    assert data("show", "A-4")["output"] == ""


def test_history_has_a_line_for_each_turn(shop: Path) -> None:
    lines = fsm("history", "A-2").stdout.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["start", "Pay", "done.invoke.charge"]
    assert "bank.charge" in lines[3]
    turns = data("history", "A-2")
    assert [turn["seq"] for turn in turns] == [1, 2, 3]
    assert turns[1]["payload"] == {"amount": 5}
    assert turns[2]["steps"][0]["transitions"] == ["keep"]
    assert turns[2]["calls"][0]["answer"] == {"ok": "R-5"}


async def _attempted() -> None:
    """What A-2 was answered took two attempts."""
    async with AsyncExitStack() as leaving:
        store = open_store("sqlite:///orders.db")
        await store.open(owner=False)
        leaving.push_async_callback(store.close)
        (made,) = await store.calls_of("A-2")
        place = ("A-2", made.cause, made.method, made.digest, made.k)
        first = Attempt(*place, 1, made.method, made.arguments, outcome='{"error":{"kind":"Busy"}}', runs=1)
        second = Attempt(*place, 2, made.method, made.arguments, "Busy", outcome=made.answer, runs=1, final=1)
        await store.commit([Commit("A-2", attempts=[second, first])])


def test_history_shows_the_attempts_of_a_call(shop: Path) -> None:
    anyio.run(_attempted)
    assert "bank.charge ×2" in fsm("history", "A-2").stdout
    first, second = data("history", "A-2")[2]["calls"][0]["attempts"]
    assert (first["n"], first["outcome"]["error"]["kind"], first["started"]) == (1, "Busy", None)
    assert (second["reason"], second["outcome"], second["late"]) == ("Busy", {"ok": "R-5"}, None)


def test_incidents_say_why(shop: Path) -> None:
    assert "an unlucky number" in fsm("incidents").stdout
    assert [i["instance"] for i in data("incidents")] == ["A-3"]
    assert data("incidents", "A-1") == []
    assert fsm("incidents", "A-1").stdout == "no open incidents\n"


READING: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("show", "A-1"),
    ("history", "A-1"),
    ("incidents",),
    ("send", "A-1", "Stop"),
    ("retry", "A-3"),
)


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_store_that_is_not_there_is_wrong_use(
    shop: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(2, *command, "--store", "sqlite:///missing.db", says="no store at ")
    assert not (shop / "missing.db").exists()
    refused(2, *command, "--store", "oracle://x", says="no store speaks 'oracle'")
    refused(2, *command, "--store", "memory://", says="lives inside one process")
    monkeypatch.delenv("FSM_STORE")
    refused(2, *command, says="neither --store nor FSM_STORE is set")


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_file_that_is_no_store_is_a_failure(shop: Path, command: tuple[str, ...]) -> None:
    (shop / "notes.db").write_text("These are my notes. " * 100)
    refused(1, *command, "--store", "sqlite:///notes.db", says="notes.db")


@pytest.mark.parametrize(
    "command", [("show",), ("history",), ("incidents",), ("retry",)], ids=lambda command: str(command[0])
)
def test_an_unknown_instance_is_a_failure(shop: Path, command: tuple[str, ...]) -> None:
    refused(1, *command, "A-9", says="no instance 'A-9'")


def test_an_unknown_status_is_wrong_use(shop: Path) -> None:
    refused(2, "list", "--status", "sleeping", says="no status 'sleeping'")


# ---- send and retry


def test_send_only_puts_the_event_into_the_inbox(shop: Path) -> None:
    result = fsm("send", "A-1", "Pay", '{"amount": 30}', "--key", "k1")
    assert (result.exit_code, result.stdout) == (0, "accepted Pay for A-1\n")
    waiting = data("show", "A-1")["waiting"]
    assert [(w["event"], w["payload"], w["key"], w["state"]) for w in waiting] == [
        ("Pay", {"amount": 30}, "k1", "waiting")
    ]


def test_a_key_is_taken_once(shop: Path) -> None:
    fsm("send", "A-1", "Pay", '{"amount": 30}', "--key", "k1")
    again = fsm("send", "A-1", "Pay", '{"amount": 31}', "--key", "k1")
    assert again.exit_code == 0
    assert 'key k1 is taken, nothing was added (the earlier one was Pay {"amount":30})' in again.stdout
    sent = data("send", "A-2", "Pay", '{"amount": 5}', "--key", "pay-2")
    assert sent["duplicate"] is True
    assert sent["outcome"] == {"seq": 2}
    assert len(data("show", "A-1")["waiting"]) == 1


def test_what_is_sent_to_a_parked_instance_waits(shop: Path) -> None:
    assert fsm("send", "A-3", "Stop").stdout == "accepted Stop for A-3; it is parked, the event waits\n"


def test_send_refuses_what_cannot_be_sent(shop: Path) -> None:
    refused(2, "send", "A-1", "Pay", "{amount: 30}", says="the payload is no JSON")
    refused(2, "send", "A-1", "Pay", "[30]", says="the payload is no JSON object")
    refused(2, "send", "A-1", "Pay", '{"amount": NaN}', says="NaN is a number of Python's")
    refused(1, "send", "A-9", "Pay", says="no instance 'A-9'")
    refused(1, "send", "A-4", "Pay", '{"amount": 3}', says="is done and takes no more events")
    refused(1, "send", "A-1", "Pya", "--machine", "shop.py:Order", says="no event 'Pya'")
    refused(1, "send", "A-1", "Pay", '{"amount": "x"}', "--machine", "shop.py:Order", says="does not validate")
    assert data("show", "A-1")["waiting"] == []


def test_send_says_that_an_inbox_is_full(shop: Path) -> None:
    async def fill() -> None:
        store = open_store("sqlite:///orders.db")
        await store.open(owner=False)
        await store.commit([Commit("A-1", accepted=[Accepted("A-1", f"r{n}", "Stop", "{}") for n in range(INBOX_MAX)])])
        await store.close()

    anyio.run(fill)
    refused(1, "send", "A-1", "Stop", says="10,000 events wait for 'A-1' already and Stop was not added")
    assert fsm("send", "A-3", "Stop").exit_code == 0


def test_retry_needs_a_parked_instance(shop: Path) -> None:
    refused(1, "retry", "A-1", says="is not parked")
    assert fsm("retry", "A-3").stdout == "accepted: A-3 is tried again by the worker that runs it\n"


# ---- run


def test_a_worker_takes_what_was_sent_until_nothing_is_left(shop: Path) -> None:
    fsm("send", "A-1", "Stop")
    fsm("send", "A-2", "Stop")
    fsm("retry", "A-3")
    fsm("send", "A-3", "Stop")
    result = fsm("run", "shop.py:Order", "--services", "shop.py:good", "--until-idle")
    assert result.exit_code == 0, result.stderr
    assert "nothing is left to do" in result.stderr
    assert {row["id"]: row["status"] for row in data("list")} == dict.fromkeys(("A-1", "A-2", "A-3", "A-4"), "done")
    assert fsm("incidents").stdout == "no open incidents\n"
    assert [i["resolution"] for i in data("incidents", "--resolved")] == ["retried"]


def test_a_retry_alone_is_work_and_a_parked_instance_is_not(shop: Path) -> None:
    fsm("send", "A-2", "Stop")
    fsm("send", "A-3", "Stop")
    worker = ("run", "shop.py:Order", "--services", "shop.py:good", "--until-idle")
    assert fsm(*worker).exit_code == 0
    assert data("show", "A-3")["status"] == "parked"
    fsm("retry", "A-3")
    assert fsm(*worker).exit_code == 0
    assert data("show", "A-3")["status"] == "done"


def test_an_event_that_nothing_takes_is_refused_and_holds_nobody_up(shop: Path) -> None:
    fsm("send", "A-1", "Nonsense", "--key", "n")
    fsm("send", "A-1", "Pay", '{"amount": "x"}', "--key", "x")
    fsm("send", "A-1", "Stop")
    fsm("send", "A-2", "Stop")
    assert fsm("run", "shop.py:Order", "--services", "shop.py:bad", "--until-idle").exit_code == 0
    assert data("show", "A-1")["status"] == "done"
    refused(1, "send", "A-1", "Nonsense", "--key", "n", says="Nonsense with key n was refused by 'A-1' before")
    again = fsm("send", "A-1", "Pay", '{"amount": "x"}', "--key", "x", "--json")
    assert again.exit_code == 1
    assert json.loads(again.stdout)["state"] == "refused"


def test_run_refuses_what_it_cannot_run(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(1, "run", "shop.py:Order", says="--services MODULE:NAME")
    refused(2, "run", "shop.py:Order", "--services", "shop.py:number", says="is no mapping of services")
    refused(2, "run", "shop.py:Order", "--services", "shop.py:none", says="no 'none' in shop")
    refused(2, "run", "shop.py:Order", "--services", "shop.py:none", says="a function that returns one")
    refused(2, "run", "shop.py:Order", "--services", "shop.py:goood", says="did you mean good?")
    refused(2, "run", "shop.py:Order", "--store", "oracle://x", "--services", "shop.py:good", says="oracle")
    monkeypatch.delenv("FSM_STORE")
    refused(2, "run", "shop.py:Order", says="neither --store nor FSM_STORE is set")


def _until(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_takes_events_and_stops_gracefully(shop: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "fsm", "run", "shop.py:Order", "--services", "shop.py:good"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stderr is not None
            assert "running Order on sqlite:///orders.db" in worker.stderr.readline()
            assert fsm("send", "A-1", "Pay", '{"amount": 8}').exit_code == 0
            _until(lambda: data("show", "A-1")["configuration"] == ["Resting"])
            worker.send_signal(number)
            said = worker.stderr.read()
            assert worker.wait(20) == 0
        finally:
            worker.kill()
    assert said.splitlines()[-1] == "stopped"
