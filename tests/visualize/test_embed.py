"""Pictures in pages of documentation."""

from __future__ import annotations

import pytest

from fsm.errors import DrawingError, MissingExtra
from visualize.embed import figure, pictured

ORDER = "tests.visualize.machines:Order"


def test_a_name_and_its_options_make_a_diagram() -> None:
    made = pictured(ORDER, {"theme": "dark", "direction": "LR", "collapse": "Processing, OnHold", "caption": "x"})
    assert (made.theme.name, made.direction) == ("dark", "LR")
    assert max(b.depth for b in made.drawing.boxes) == 1
    assert pictured(ORDER, {"collapse": "1"}).drawing == pictured(ORDER, {"collapse": "Processing"}).drawing


def test_a_figure_has_the_picture_and_its_caption() -> None:
    html = figure(pictured(ORDER, {}), "From cart to <door>")
    assert html.startswith('<figure class="statechart"')
    assert "<svg " in html
    assert "<figcaption>From cart to &lt;door&gt;</figcaption>" in html


def test_without_an_engine_there_is_mermaid(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingExtra("dot", "None.")

    monkeypatch.setattr("visualize.picture.find_engine", missing)
    assert '<pre class="mermaid">---\ntitle: &quot;Order&quot;' in figure(pictured(ORDER, {}))


@pytest.mark.parametrize("wrong", ["nowhere:Order", "tests.visualize.machines:Nothing", "not a name", ""])
def test_what_cannot_be_imported_is_told_with_the_fix(wrong: str) -> None:
    with pytest.raises(DrawingError, match=r"cannot be imported.*Write package\.module:Class"):
        pictured(wrong, {})


def test_an_unknown_option_is_refused_with_the_list() -> None:
    with pytest.raises(DrawingError, match=r"no option 'color' for a picture\. Use theme, direction"):
        pictured(ORDER, {"color": "red"})
