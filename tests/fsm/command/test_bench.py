"""`fsm bench`: finds the benchmarks of the tree, hands the options on, and says what is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from typer.testing import CliRunner

import fsm
from fsm.cli import application
from fsm.command.bench import TREES, bench
from fsm.command.failure import Failure


def test_the_cases_of_the_tree_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert bench(["--list", "--only", "memory.f"]) == 0
    assert capfd.readouterr().out == "memory.flat\n"


def test_the_command_line_hands_on_what_was_asked(capfd: pytest.CaptureFixture[str]) -> None:
    assert CliRunner().invoke(application(), ["bench", "--list", "--only", "memory.f"]).exit_code == 0
    assert capfd.readouterr().out == "memory.flat\n"


def test_the_exit_code_is_that_of_the_benchmarks(capfd: pytest.CaptureFixture[str]) -> None:
    assert bench(["--only", "nothing is called so"]) == 2
    assert "--list names them all" in capfd.readouterr().err


def test_an_installed_package_has_its_own_copy(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, installed = TREES
    (tmp_path / "tree").symlink_to(source)
    assert installed == Path(fsm.__file__).parent / "tree"
    assert bench(["--list", "--only", "memory.f"], trees=[tmp_path, tmp_path / "tree"]) == 0
    assert capfd.readouterr().out == "memory.flat\n"


def test_it_is_said_where_the_benchmarks_should_be(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="not here") as caught:
        bench([], trees=[tmp_path])
    assert caught.value.where == str(tmp_path)
    assert "make bench" in caught.value.fix


def test_a_missing_encoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.command.bench.find_spec", lambda name: None)
    with pytest.raises(Failure, match="orjson") as caught:
        bench([])
    assert importlib.util.find_spec("orjson") is not None
    assert "[bench]" in caught.value.fix
