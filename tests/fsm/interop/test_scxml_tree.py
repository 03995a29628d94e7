"""Documents as trees."""

from __future__ import annotations

import pytest

from fsm.errors import DefinitionError
from fsm.interop.scxml_tree import SCXML, Element, inner_text, parse, plain
from fsm.limits import XML_CHARS_MAX, XML_DEPTH_MAX


def test_elements_know_their_lines_and_their_names() -> None:
    root = parse(f'<scxml xmlns="{SCXML}" xmlns:x="urn:x">\n  <state id="a b">\n\n<x:y/></state></scxml>')
    assert (root.name, root.line) == ("scxml", 1)
    (state,) = root.all("state")
    assert (state.where, state.words("id"), state.words("initial")) == ("line 2, <state>", ("a", "b"), ())
    assert [(child.name, child.line) for child in state.each()] == [("{urn:x}y", 4)]


def test_elements_of_a_nested_document_are_not_within() -> None:
    root = parse(f'<scxml xmlns="{SCXML}"><state><content><scxml><final/></scxml></content></state></scxml>')
    assert [element.name for element in root.within()] == ["scxml", "state", "content"]


def test_elements_without_a_namespace_are_not_scxml() -> None:
    assert parse("<scxml/>").name == "{}scxml"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: this is not well-formed XML (no element found)"),
        ("<a>\n<b></a>", "line 2: this is not well-formed XML (mismatched tag)"),
        ("<a>&unknown;</a>", "line 1: this is not well-formed XML (undefined entity)"),
        ("<a><x:b/></a>", "line 1: this is not well-formed XML (unbound prefix)"),
        ("\n<!DOCTYPE a><a/>", "line 2: <!DOCTYPE a>: document types and entities are not read; take the declaration"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "line 1: <!DOCTYPE a>: document types and entities are not read"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "unknown encoding"),
        ("<a b='\udc80'/>", "save it as UTF-8"),
        ("<a>" * (XML_DEPTH_MAX + 1), f"line 1: <a> is nested deeper than {XML_DEPTH_MAX} elements; nest less"),
        (" " * (XML_CHARS_MAX + 1), "the document is longer than 4,194,304 characters; split it"),
    ],
)
def test_what_cannot_or_must_not_be_read_is_refused_with_its_line(text: str | bytes, told: str) -> None:
    with pytest.raises(DefinitionError) as problem:
        parse(text)
    assert told in str(problem.value)


def test_the_inside_of_an_element_is_its_text_or_its_first_child_as_a_document() -> None:
    assert inner_text(parse("<a> some text </a>")) == "some text"
    root = parse(f'<scxml xmlns="{SCXML}"><data>\n<scxml version="1.0"><final/></scxml></data></scxml>')
    again = parse(inner_text(root.all("data")[0]))
    assert (again.name, [child.name for child in again.each()]) == ("scxml", ["final"])


def test_a_plain_copy_has_no_prefixes_and_changes_nothing() -> None:
    root = parse(f'<s:scxml xmlns:s="{SCXML}" version="1.0"><s:final/></s:scxml>')
    copy = plain(root, root=True)
    assert (copy.tag, copy.attrib, [child.tag for child in copy]) == (
        "scxml",
        {"xmlns": SCXML, "version": "1.0"},
        ["final"],
    )
    assert isinstance(root[0], Element)
    assert root[0].name == "final"
