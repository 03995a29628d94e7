"""Forms: short ones written out, mistakes with their path."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fsm.interop.document_form import Form, Many, Short, problems_of


class Leaf(Short):
    name: str | None = None
    number: int | None = None


class Tree(Form):
    leaves: Many[Leaf] = []
    size: int = 0


def problems(data: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Tree.model_validate(data)
    return problems_of(caught.value, ("leaves", "size", "name"))


def test_a_short_form_stands_for_an_object_and_one_element_for_a_list() -> None:
    long = Tree.model_validate({"leaves": [{"name": "a"}]})
    assert Tree.model_validate({"leaves": "a"}) == Tree.model_validate({"leaves": ["a"]}) == long
    assert Tree.model_validate({"leaves": None}) == Tree()


def test_all_mistakes_are_told_with_their_paths_and_fixes() -> None:
    assert problems({"leaves": [{"name": 3}, 7, {"nam": "a"}], "size": "big", "leafs": 1}) == [
        "leaves[0].name: must be text; put it in quotes, not 3",
        "leaves[1]: must be an object, or its short form, not 7",
        "leaves[2]: there is no 'nam' here; did you mean 'name'?",
        "size: must be a whole number, not 'big'",
        "there is no 'leafs' here; did you mean 'leaves'?",
    ]


def test_a_form_that_says_two_things_is_told_which() -> None:
    with pytest.raises(ValueError, match="has name and number; give exactly one of name, number"):
        Leaf(name="a", number=1).only_one("name", "number")
    with pytest.raises(ValueError, match="says nothing"):
        Leaf().only_one("name", "number")


def test_the_schema_has_the_short_forms() -> None:
    schema = Tree.model_json_schema()
    assert schema["properties"]["leaves"]["anyOf"][0] == {"$ref": "#/$defs/Leaf"}
    assert schema["$defs"]["Leaf"]["anyOf"][0] == {"type": "string"}
