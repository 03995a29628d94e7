"""What may stand where."""

from __future__ import annotations

import pytest

from fsm.interop.scxml_grammar import check
from fsm.interop.scxml_tree import SCXML, parse


def problems(inner: str, attributes: str = "") -> list[str]:
    found: list[str] = []
    root = parse(f'<scxml xmlns="{SCXML}" xmlns:x="urn:x" {attributes}>{inner}</scxml>')
    check(root, lambda element, text: found.append(f"{element.where}: {text}"))
    return found


@pytest.mark.parametrize(
    "inner",
    [
        "<state/><parallel><state/><history/></parallel><final/>",
        "<state><onentry><x:own/><if cond='true'><elseif cond='true'/><else/><log/></if></onentry></state>",
        "<x:note>text</x:note><state x:layout='3'/>",
        "<state><invoke><content><scxml><nonsense/></scxml></content><finalize/></invoke></state>",
        "<state><!-- a comment --></state>",
        "<datamodel><data id='d'>[1, 2]</data></datamodel><state/>",
    ],
)
def test_what_scxml_allows_is_let_through(inner: str) -> None:
    assert problems(inner) == []


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ("<stat/>", "<stat>: SCXML has no such element; in <scxml> may stand: initial, state, parallel, final"),
        ("<onentry/>", "<onentry>: may not stand in <scxml>; its place is in <state>, <parallel>, <final>"),
        ("<parallel><final/></parallel>", "<final>: may not stand in <parallel>; its place is in <scxml>, <state>"),
        ("<final><transition event='e'/></final>", "<transition>: may not stand in <final>"),
        ("<parallel initial='a'/>", "<parallel>: initial= is not an attribute of it; known are id"),
        ("<state><transition tagret='a'/></state>", "tagret= is not an attribute of it; known are id, event, cond"),
        ("<state><onentry><raise/></onentry></state>", "<raise>: event= is missing; write event='…'"),
        ("<state><onentry><log/>oops</onentry></state>", "<onentry>: text stands in it, which means nothing here"),
        ("<state><transition target='a' type='local'/></state>", "type='local' is not known; write 'internal' or"),
        ("<state><history type='flat'/></state>", "type='flat' is not known; write 'shallow' or 'deep'"),
        ("<state><invoke autoforward='yes'/></state>", "autoforward='yes' is not known; write 'true' or 'false'"),
        (
            "<state><onentry><send event='e' eventexpr='f'/></onentry></state>",
            "<send>: event= and eventexpr= exclude each other; take one of them out",
        ),
    ],
)
def test_what_scxml_does_not_know_is_told(inner: str, told: str) -> None:
    (found,) = problems(inner)
    assert told in found


def test_the_root_is_told_when_it_is_not_scxml() -> None:
    found: list[str] = []
    check(parse("<html/>"), lambda element, text: found.append(f"{element.where}: {text}"))
    assert found == [
        "line 1, <html>: this is not an SCXML document; a document begins with <scxml xmlns="
        "'http://www.w3.org/2005/07/scxml' version='1.0'>"
    ]


def test_another_version_and_another_binding_are_told() -> None:
    assert problems("<state/>", "version='2.0' binding='never'") == [
        "line 1, <scxml>: binding='never' is not known; write 'early' or 'late'",
        "line 1, <scxml>: version='2.0' is not known; write '1.0'",
    ]
