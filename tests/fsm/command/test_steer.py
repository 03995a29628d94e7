"""Steering from the command line: one row in the inbox, obeyed by the worker, refused where it does not fit."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from fsm import Orchestrator
from fsm.cli import application
from fsm.errors import InstanceParked
from persistence import SQLStore
from tests.fsm.runtime.desk import Counter, until_async
from tests.fsm.runtime.test_operator import Account, Bank, Pay, Strict

pytestmark = pytest.mark.anyio

MACHINE = ("--machine", "tests.fsm.runtime.test_operator:Account")


async def fsm(*arguments: str, path: Path) -> tuple[int, str]:
    """The exit code and all that was said, by a command in a thread of its own."""
    run = CliRunner().invoke
    result = await anyio.to_thread.run_sync(lambda: run(application(), [*arguments, "--store", f"sqlite:///{path}"]))
    return result.exit_code, result.output + result.stderr


async def test_an_instance_is_paused_resumed_and_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    async with Orchestrator(SQLStore(path), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")

        async def is_now(status: str) -> bool:
            return (await orchestrator.get("a").snapshot()).status == status

        for verb, then in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
            why = ("--by", "ann", "--reason", "no stock") if verb == "cancel" else ()
            code, said = await fsm(verb, "a", *why, path=path)
            assert (code, said.startswith("accepted: a ")) == (0, True), said
            await until_async(lambda then=then: is_now(then))  # type: ignore[misc]
        for verb in ("pause", "resume", "cancel", "retry"):
            code, said = await fsm(verb, "a", path=path)
            assert code == 1
            assert "it is cancelled" in said
        entry = (await orchestrator.get("a").history())[-1]
        assert (entry.event, entry.payload) == ("cancel", {"by": "ann", "reason": "no stock"})
        assert (await fsm("pause", "nobody", path=path))[0] == 1


async def test_an_instance_is_terminated_without_a_worker(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    async with Orchestrator(SQLStore(path), [Counter]) as orchestrator:
        await orchestrator.start(Counter, id="a")
    code, said = await fsm("terminate", "a", "--by", "ann", "--reason", "gone", path=path)
    assert (code, said) == (0, "terminated: a has ended, and nothing of its machine ran\n")
    code, said = await fsm("terminate", "a", path=path)
    assert code == 1
    assert "cannot be terminated" in said
    assert (await fsm("terminate", "nobody", path=path))[0] == 1
    async with Orchestrator(SQLStore(path), [Counter]) as orchestrator:
        entry = (await orchestrator.get("a").history())[-1]
        assert (entry.event, entry.payload) == ("terminate", {"by": "ann", "reason": "gone"})


async def test_a_parked_instance_is_retried_with_changes_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "fsm.db"
    async with Orchestrator(SQLStore(path), [Account], {Bank: Strict()}) as orchestrator:
        account = await orchestrator.start(Account, id="a")

        async def paid(*amounts: int) -> bool:
            snapshot = await account.snapshot()
            return snapshot.status == "running" and snapshot.context.paid == list(amounts)

        for arguments in (("retry", "--change", '{"limit": 60}', "--payload", '{"amount": 55}'), ("skip",)):
            with pytest.raises(InstanceParked):
                await account.send(Pay(amount=70))
            for wrong in (("--change", '{"limit": "many"}'), ("--payload", '{"amount": "much"}')):
                code, said = await fsm("retry", "a", *wrong, *MACHINE, "--by", "ann", path=path)
                assert (code, "ChangeInvalid" in said) == (1, True), said
            verb, *more = arguments
            code, said = await fsm(verb, "a", *more, "--by", "ann", "--reason", "why not", path=path)
            assert (code, said.startswith("accepted: a ")) == (0, True), said
            await until_async(lambda: paid(55))
        code, said = await fsm("history", "a", path=path)
        assert (code, "retry by ann" in said, "skip by ann" in said) == (0, True, True)
        assert [e.reason for e in await account.history() if e.actor == "ann"] == ["why not", "why not"]
        for verb, change in (("retry", "5"), ("resolve", "null"), ("resolve", ""), ("resolve", '{"limit": NaN}')):
            code, said = await fsm(verb, "a", "--change", change, path=path)
            assert (code, said.startswith("error: --change is no JSON")) == (2, True), said
