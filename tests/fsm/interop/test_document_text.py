"""The text of a document, within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fsm.errors import DefinitionError
from fsm.interop.document_text import document_of, is_file_name, path_of
from fsm.limits import DOCUMENT_CHARS_MAX


def problems(source: object) -> str:
    with pytest.raises(DefinitionError) as caught:
        document_of(source)
    return "\n".join(caught.value.problems)


def test_yaml_scalars_mean_what_json_has() -> None:
    text = "{a: [Off, on, yes, 1:30, 2020-01-01, 0x10, '1'], b: [true, null, ~, -3, 1.5, 2e3, 0]}"
    assert document_of(text) == {
        "a": ["Off", "on", "yes", "1:30", "2020-01-01", "0x10", "1"],
        "b": [True, None, None, -3, 1.5, 2000.0, 0],
    }


def test_a_path_or_the_name_of_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "lamp.yaml"
    file.write_text("name: Lamp", encoding="utf-8")
    assert document_of(file) == document_of(str(file)) == {"name": "Lamp"}
    assert is_file_name("lamp.JSON")
    assert not is_file_name('{"file": "x.json"}')
    assert "cannot be read" in problems(tmp_path / "none.yaml")


def test_a_json_file_is_json_only(tmp_path: Path) -> None:
    file = tmp_path / "lamp.json"
    file.write_text("name: Lamp", encoding="utf-8")
    assert "is not JSON: Expecting value" in problems(file)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a: 1\na: 2", "the key 'a' stands twice"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ("a: &x [*x]", "recursive"),
        ("a: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("a: !!timestamp soon", "is not YAML"),
        ("a: !!binary aGk=", "a: b'hi' is nothing that JSON has"),
        ("- a", "a document is an object with name and states, not a list"),
        ("", "not nothing"),
        ({"a": {1: 2}}, "a: the key 1 is not text"),
        ({"a": [float("nan")]}, "a[0]: nan is no number that fits"),
        ({"a": 2**63}, "is no number that fits"),
        ({"a": "\ud800"}, "is not valid Unicode"),
        ({"a": {"b": object}}, "a.b: <class 'object'> is nothing that JSON has"),
        ("[" * 3000, "is not YAML"),
        ("x" * (DOCUMENT_CHARS_MAX + 1), "split the machine"),
        (3, "not 3"),
    ],
)
def test_what_is_no_document_is_told(source: object, said: str) -> None:
    assert said in problems(source)


def test_a_short_text_that_stands_for_an_endless_one_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "aliases count each time" in problems("\n".join(lines))


def test_depth_is_bounded() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    assert "is nested deeper than" in problems({"a": deep})


def test_the_copy_is_nobodys() -> None:
    given = {"a": [1]}
    document_of(given)["a"].append(2)
    assert given == {"a": [1]}


def test_a_path_is_written_as_a_person_reads_it() -> None:
    assert path_of(("states", 2, "children", 0, "initial")) == "states[2].children[0].initial"
