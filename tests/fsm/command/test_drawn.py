"""`fsm draw`: classes, instances, all of them, and the life of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fsm.command.drawn import Wish, draw
from fsm.command.failure import Misuse
from tests.fsm.command.lampshop import broken, lived, written


@pytest.mark.anyio
async def test_a_class_is_drawn_with_what_is_closed_and_what_is_in_focus(tmp_path: Path) -> None:
    target = f"{written(tmp_path)}:Lamp"
    closed = (await draw(Wish(target, tmp_path / "closed.txt", collapse=("Lit",)))).read_text(encoding="utf-8")
    level = (await draw(Wish(target, tmp_path / "level.txt", collapse=("1",)))).read_text(encoding="utf-8")
    open_ = (await draw(Wish(target, tmp_path / "open.txt", focus="Lit.Low"))).read_text(encoding="utf-8")
    assert "Lit  (initial, 2 states inside)" in closed
    assert level == closed
    assert "High" in open_


@pytest.mark.anyio
async def test_links_lead_to_the_code(tmp_path: Path) -> None:
    target = f"{written(tmp_path)}:Lamp"
    made = await draw(Wish(target, tmp_path / "lamp.svg", source="https://example.org/{path}#L{line}"))
    assert "https://example.org/" in made.read_text(encoding="utf-8")


@pytest.mark.anyio
async def test_an_instance_is_drawn_with_the_time_that_it_has_stood_there(tmp_path: Path) -> None:
    url = await lived(tmp_path, "Press")
    wish = Wish(f"{tmp_path / 'lamp.py'}:Lamp", tmp_path / "now.txt", url=url, id="L-1")
    text = (await draw(wish)).read_text(encoding="utf-8")
    assert "● High  (0s)" in text or "● High  (1s)" in text


@pytest.mark.anyio
async def test_of_several_regions_the_one_that_failed_is_marked(tmp_path: Path) -> None:
    file, url = await broken(tmp_path)
    one = await draw(Wish(f"{file}:Furnace", tmp_path / "one.txt", url=url, id="F-1"))
    every = await draw(Wish(f"{file}:Furnace", tmp_path / "all.txt", url=url, flows=True))
    for made, mark in ((one, "● Shut"), (every, "● Shut  (1 here)")):
        text = made.read_text(encoding="utf-8")
        assert "! Low" in text
        assert mark in text


@pytest.mark.anyio
async def test_all_instances_of_a_store_are_counted_on_the_class(tmp_path: Path) -> None:
    url = await lived(tmp_path, "Press")
    wish = Wish(f"{tmp_path / 'lamp.py'}:Lamp", tmp_path / "all.txt", url=url, flows=True)
    text = (await draw(wish)).read_text(encoding="utf-8")
    assert "● High  (1 here)" in text
    assert "Press → Lit.High (taken 1×)" in text


@pytest.mark.anyio
async def test_the_life_of_an_instance_is_drawn_as_a_timeline(tmp_path: Path) -> None:
    url = await lived(tmp_path, "Press", "Break")
    wish = Wish(f"{tmp_path / 'lamp.py'}:Lamp", tmp_path / "life.svg", url=url, id="L-1", timeline=True)
    text = (await draw(wish)).read_text(encoding="utf-8")
    assert 'class="timeline light"' in text
    assert "<title>Lit.High: " in text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"theme": "pink"}, "no theme 'pink'"),
        ({"direction": "RL"}, "no direction 'RL'"),
        ({"url": "sqlite:///x.db"}, "--store and --id belong together"),
        ({"flows": True}, "--flows counts all instances of a store"),
        ({"flows": True, "url": "sqlite:///x.db", "id": "L-1"}, "--flows counts all instances of a store"),
        ({"timeline": True}, "--timeline is the SVG of one instance"),
        ({"timeline": True, "url": "sqlite:///x.db", "id": "L-1", "out": Path("x.png")}, "--timeline is the SVG"),
        ({"out": Path("x.gif")}, "'.gif'"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(Misuse, match=says):
        Wish(**{"target": "lamp.py:Lamp", "out": Path("x.svg"), **options}).check()
