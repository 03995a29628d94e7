"""Real builds of Sphinx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONF = """
import sys
sys.path.insert(0, {root!r})
project = "Lamps"
extensions = ["visualize.sphinx"]
html_theme = "basic"
"""
PAGE = """
Orders
======

.. statechart:: tests.visualize.machines:Order
   :direction: LR
   :collapse: Processing
   :caption: From cart to door
"""
ROOT = Path(__file__).parent.parent.parent


def built(folder: Path, page: str, builder: str = "html") -> subprocess.CompletedProcess[str]:
    (folder / "conf.py").write_text(CONF.format(root=str(ROOT)), encoding="utf-8")
    (folder / "index.rst").write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", builder, str(folder), str(folder / builder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)


def test_a_page_has_the_picture_of_the_class(tmp_path: Path) -> None:
    done = built(tmp_path, PAGE)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert '<svg class="statechart light"' in html
    assert "<figcaption>From cart to door</figcaption>" in html
    assert "12 states inside" in html
    assert "└─" not in html


def test_other_builders_have_the_tree_of_states(tmp_path: Path) -> None:
    done = built(tmp_path, PAGE, "text")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "text" / "index.txt").read_text(encoding="utf-8")
    assert "└─ Cancelled  (final)" in text
    assert "svg" not in text


def test_a_machine_that_cannot_be_drawn_ends_the_build_with_the_reason(tmp_path: Path) -> None:
    done = built(tmp_path, PAGE.replace("machines:Order", "machines:Nothing"))
    assert done.returncode
    assert "cannot be imported" in done.stderr
    assert "index.rst:5" in done.stderr
