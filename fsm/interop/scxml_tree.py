"""An SCXML document as a tree of elements that know their lines; what XML can hide in a document type is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from fsm.errors import DefinitionError
from fsm.limits import XML_CHARS_MAX, XML_DEPTH_MAX

SCXML = "http://www.w3.org/2005/07/scxml"
"""The namespace of SCXML."""


class Element(ElementTree.Element):
    """An element of the document, with the line on which it begins."""

    line: int = 0

    @property
    def name(self) -> str:
        """Its local name; in braces and with the namespace where that is not SCXML's."""
        return self.tag.removeprefix(f"{{{SCXML}}}")

    @property
    def where(self) -> str:
        """Its place in the document, for messages."""
        return f"line {self.line}, <{self.tag.rpartition('}')[2]}>"

    def all(self, *names: str) -> list[Element]:
        """Its children with these names, in document order."""
        return [child for child in self if isinstance(child, Element) and child.name in names]

    def each(self) -> Iterator[Element]:
        """Its children, in document order."""
        return (child for child in self if isinstance(child, Element))

    def within(self) -> Iterator[Element]:
        """Itself and all elements below it, but for documents that are nested in it."""
        yield self
        for child in self.each():
            if child.name != "scxml":
                yield from child.within()

    def words(self, attribute: str) -> tuple[str, ...]:
        """The words of an attribute; none when it is missing."""
        return tuple(self.get(attribute, "").split())


def parse(text: str | bytes, title: str = "scxml") -> Element:
    """The root of a document. Raises DefinitionError with the line of what is not well-formed or not allowed."""
    if len(text) > XML_CHARS_MAX:
        raise DefinitionError(
            title, [f"the document is longer than {XML_CHARS_MAX:,} characters; split it with invoke"]
        )
    builder = ElementTree.TreeBuilder(element_factory=Element)
    parser = expat.ParserCreate(namespace_separator="}")
    depth = 0

    def refuse(problem: str) -> NoReturn:
        raise DefinitionError(title, [f"line {parser.CurrentLineNumber}: {problem}"])

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > XML_DEPTH_MAX:
            refuse(f"<{name.rpartition('}')[2]}> is nested deeper than {XML_DEPTH_MAX} elements; nest less")
        given = {f"{{{key}" if "}" in key else key: value for key, value in attributes.items()}
        made = builder.start(_tag(name), given)
        assert isinstance(made, Element)
        made.line = parser.CurrentLineNumber

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_tag(name))

    def doctype(name: str, system: str | None, public: str | None, internal: bool) -> None:
        refuse(f"<!DOCTYPE {name}>: document types and entities are not read; take the declaration out")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as problem:
        told = expat.ErrorString(problem.code) or str(problem)
        raise DefinitionError(
            title, [f"line {problem.lineno}: this is not well-formed XML ({told}); mend the markup there"]
        ) from problem
    except (ValueError, LookupError) as problem:
        raise DefinitionError(title, [f"this cannot be read as XML ({problem}); save it as UTF-8"]) from problem
    root = builder.close()
    assert isinstance(root, Element)
    return root


def inner_text(element: Element) -> str:
    """What stands between the tags of an element: its text, or its first child as XML of its own."""
    first = next(element.each(), None)
    if first is None:
        return (element.text or "").strip()
    return ElementTree.tostring(plain(first, root=True), encoding="unicode").strip()


def plain(element: Element, *, root: bool = False) -> ElementTree.Element:
    """A copy whose SCXML names need no prefix; the `root` declares the namespace."""
    known = root and element.name != element.tag
    made = ElementTree.Element(element.name.removeprefix("{}"), {"xmlns": SCXML} if known else {})
    made.attrib.update(element.attrib)
    made.text, made.tail = element.text, None if root else element.tail
    made.extend(plain(child) for child in element.each())
    return made


def _tag(name: str) -> str:
    """The tag of a name: also one without a namespace, which is none of SCXML's, gets braces."""
    return f"{{{name}" if "}" in name else f"{{}}{name}"
