"""Blocks of content."""

from __future__ import annotations

from fsm.interop.scxml import read_scxml
from fsm.interop.scxml_block import Block

HEAD = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">'


def test_what_fails_ends_its_own_block_and_no_other() -> None:
    text = f"""{HEAD}<state id="s">
      <onentry><raise event="one"/><send event="e" target="nowhere"/><raise event="never"/></onentry>
      <onentry><raise event="two"/></onentry>
      <transition event="one" target="got1"/></state>
      <state id="got1"><transition event="error.execution" target="got2"/><transition event="*" target="wrong"/></state>
      <state id="got2"><transition event="two" target="got3"/><transition event="*" target="wrong"/></state>
      <state id="got3"><transition event="never" target="wrong"/></state><state id="wrong"/></scxml>"""
    assert read_scxml(text).rehearse().configuration == {"got3"}


def test_a_block_is_named_after_its_element_and_its_line() -> None:
    (node,) = read_scxml(f'{HEAD}\n<state id="s">\n<onexit>\n<log/></onexit></state></scxml>').__chart__.nodes[1:]
    (handler,) = node.exit
    assert (handler.name, handler.where, handler.function) == ("onexit", "line 3", handler.call)
    assert isinstance(handler.function, Block)
    assert [element.name for element in handler.function.elements] == ["log"]
