"""A real build of MkDocs, and the hook by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fsm.errors import DrawingError
from visualize.mkdocs import on_page_markdown

ROOT = Path(__file__).parent.parent.parent
PAGE = """# Orders

```statechart
tests.visualize.machines:Order
direction: LR
collapse: Processing
caption: From cart to door
```

The end.
"""


def test_a_page_has_the_picture_of_the_class(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text(PAGE, encoding="utf-8")
    hook = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom visualize.mkdocs import on_page_markdown\n"
    (tmp_path / "statecharts.py").write_text(hook, encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: Orders\nhooks: [statecharts.py]\n", encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert '<svg class="statechart light"' in html
    assert "<figcaption>From cart to door</figcaption>" in html
    assert "<p>The end.</p>" in html
    assert "```" not in html
    assert html.count("<svg") == html.count("</svg>") == 1


def test_other_blocks_stay_as_they_are() -> None:
    page = "```python\nprint(1)\n```\n"
    assert on_page_markdown(page, page=None) == page


def test_a_block_in_a_list_keeps_its_indent() -> None:
    page = "- one\n\n    ```statechart\n    tests.visualize.machines:Order\n    ```\n"
    lines = on_page_markdown(page).splitlines()
    assert all(line.startswith("    ") for line in lines[2:] if line)


@pytest.mark.parametrize(
    ("body", "says"),
    [("machines:Nothing", "cannot be imported"), ("", "cannot be imported"), ("a:B\ncollapse", "is not an option")],
)
def test_a_block_that_cannot_be_drawn_ends_the_build(body: str, says: str) -> None:
    with pytest.raises(DrawingError, match=says):
        on_page_markdown(f"```statechart\n{body}\n```\n")
