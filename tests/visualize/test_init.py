"""The front door: files in every format, and notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

import visualize
from fsm.errors import DrawingError, MissingExtra
from tests.visualize.machines import LIVE, PATH, Order
from visualize import diagram, render

STARTS = {
    ".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF", ".dot": b"digraph", ".mmd": b"---\n",
    ".md": b"```mermaid\n---\n", ".txt": b"Order\n",
}  # fmt: skip


def test_the_names_of_the_package_are_sorted_and_exist() -> None:
    assert visualize.__all__ == sorted(visualize.__all__)
    assert all(hasattr(visualize, name) for name in visualize.__all__)


@pytest.mark.parametrize("suffix", STARTS)
def test_the_suffix_picks_the_format(suffix: str, tmp_path: Path) -> None:
    file = render(diagram(LIVE, history=PATH), tmp_path / f"order{suffix.upper()}")
    assert file.read_bytes().startswith(STARTS[suffix])
    assert [f.name for f in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("name", ["order.gif", "order", "order.svg.bak"])
def test_an_unknown_suffix_is_refused_with_the_list(name: str, tmp_path: Path) -> None:
    with pytest.raises(DrawingError, match=r"Use one of \.dot, \.md, \.mmd, \.pdf, \.png, \.svg, \.txt"):
        render(Order, tmp_path / name)


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DrawingError, match=r"the folder .*missing does not exist"):
        render(Order, tmp_path / "missing" / "order.svg")


def test_a_picture_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "order.svg"
    file.write_text("old")
    monkeypatch.setenv("FSM_DOT", "/nowhere/dot")
    with pytest.raises(DrawingError):
        render(Order, file)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_text_formats_need_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSM_DOT", "/nowhere/dot")
    for suffix in (".dot", ".mmd", ".txt"):
        assert render(Order, tmp_path / f"order{suffix}").stat().st_size > 0


def test_a_notebook_gets_svg_mermaid_and_text() -> None:
    bundle = diagram(Order)._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "stateDiagram-v2" in bundle["text/vnd.mermaid"]
    assert bundle["text/plain"].startswith("Order\n")


def test_a_notebook_without_an_engine_gets_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingExtra("dot", "None.")

    monkeypatch.setattr("visualize.picture.find_engine", missing)
    assert set(diagram(Order)._repr_mimebundle_()) == {"text/plain", "text/vnd.mermaid"}
