"""`fsm serve`: a worker, the live page, or both."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import anyio
import pytest

from fsm.command import worker
from fsm.command.failure import Failure, Misuse
from fsm.command.serve import Wish, address, bound, is_loopback, tokens_of
from tests.fsm.command.lampshop import lived, written
from visualize.dashboard.access import Person


def tokens(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "tokens"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_a_page_for_other_machines_asks_who_they_are() -> None:
    nothing = worker.Wish((), "memory://")
    assert Wish(nothing).rules().local is not None
    with pytest.raises(Misuse, match="can be reached from other machines"):
        Wish(nothing, host="0.0.0.0").rules()
    behind = Wish(nothing, host="0.0.0.0", identity_header="X-User", operators=("anna",)).rules()
    assert behind.local is None
    assert behind.proxy is not None
    assert behind.proxy.operators == {"anna"}


def test_tokens_are_read_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    found = tokens_of(tokens(tmp_path, f"# people\n\nanna operate {'a' * 20}\nvera view {'v' * 20}\n"))
    assert found == {"a" * 20: Person("anna", "operate"), "v" * 20: Person("vera", "view")}
    with pytest.raises(Misuse, match="can be read by others"):
        tokens_of(tokens(tmp_path, f"anna operate {'a' * 20}", 0o644))
    with pytest.raises(Misuse, match="cannot be read"):
        tokens_of(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "text",
    ["", "anna operate short", f"anna rule {'a' * 20}", f"anna view {'a' * 20}\nbob view {'a' * 20}", "a b c d"],
)
def test_a_file_that_says_nothing_clear_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misuse):
        tokens_of(tokens(tmp_path, text))


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Failure, match="cannot be used"):
        bound("127.0.0.1", taken.getsockname()[1])


def test_addresses_are_told_apart() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1", "10.0.0.1", "example.org")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert address("127.0.0.1", 80) == "http://127.0.0.1:80/"


@pytest.mark.parametrize("with_worker", [True, False])
def test_the_page_is_served_with_a_worker_or_without(tmp_path: Path, with_worker: bool) -> None:
    url = anyio.run(lived, tmp_path, "Press")
    words = [str(written(tmp_path))] if with_worker else []
    process = subprocess.Popen(
        [sys.executable, "-m", "fsm", "serve", *words, "--store", url, "--dashboard", "--port", "0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        assert said.startswith("running Lamp; " if with_worker else "the page is at ")
        with urllib.request.urlopen(f"{said.rpartition(' ')[2]}api/overview", timeout=10) as answer:
            found = json.load(answer)
        assert [(m["name"], m["known"], m["here"]) for m in found["machines"]] == [
            ("Lamp", with_worker, {"Lit.High": 1})
        ]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout.read() == "stopped\n"
    finally:
        process.kill()
        process.wait()
