"""The grammar of SCXML: which elements and attributes may stand where (SCXML Recommendation, sections 3 to 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fsm.interop.scxml_tree import SCXML, Element

Report = Callable[[Element, str], None]
"""How a mistake is told: the element, and what is wrong with it together with its fix."""


class Form(NamedTuple):
    """What one element looks like, as words; `pairs` are attributes of which at most one may be given."""

    attributes: str = ""
    children: str = ""
    required: str = ""
    pairs: str = ""
    text: bool = False
    open: bool = False
    """Whether elements of other namespaces may stand in it and mean something."""


_CONTENT = "raise if foreach send script assign log cancel"
_VERTICES = "state parallel final history"

_FORMS: tuple[tuple[str, Form], ...] = (
    (
        "scxml",
        Form("initial name version datamodel binding profile exmode", "initial state parallel final datamodel script"),
    ),
    ("state", Form("id initial", f"onentry onexit transition initial datamodel invoke {_VERTICES}")),
    ("parallel", Form("id", "onentry onexit transition datamodel invoke state parallel history")),
    ("final", Form("id", "onentry onexit donedata")),
    ("history", Form("id type", "transition")),
    ("initial", Form("id", "transition")),
    ("transition", Form("id event cond target type", _CONTENT, open=True)),
    ("onentry", Form("", _CONTENT, open=True)),
    ("onexit", Form("", _CONTENT, open=True)),
    ("finalize", Form("", _CONTENT, open=True)),
    ("donedata", Form("", "content param")),
    ("datamodel", Form("", "data")),
    ("data", Form("id src expr", "scxml", "id", "src|expr", text=True, open=True)),
    ("raise", Form("event", "", "event")),
    ("if", Form("cond", f"elseif else {_CONTENT}", "cond", open=True)),
    ("elseif", Form("cond", "", "cond")),
    ("else", Form()),
    ("foreach", Form("array item index", _CONTENT, "array item", open=True)),
    ("log", Form("label expr level")),
    ("assign", Form("location expr attr type", "scxml", "location", text=True, open=True)),
    ("script", Form("src", text=True, open=True)),
    ("cancel", Form("sendid sendidexpr", "", pairs="sendid|sendidexpr")),
    (
        "send",
        Form(
            "event eventexpr target targetexpr type typeexpr id idlocation delay delayexpr namelist hints hintsexpr",
            "content param",
            pairs="event|eventexpr target|targetexpr type|typeexpr id|idlocation delay|delayexpr",
        ),
    ),
    (
        "invoke",
        Form(
            "type typeexpr src srcexpr id idlocation namelist autoforward",
            "content param finalize",
            pairs="type|typeexpr src|srcexpr id|idlocation",
        ),
    ),
    ("content", Form("expr", "scxml", text=True, open=True)),
    ("param", Form("name expr location", "", "name", "expr|location")),
)

_VALUES: tuple[tuple[str, str, str], ...] = (
    ("transition", "type", "internal external"),
    ("history", "type", "shallow deep"),
    ("scxml", "binding", "early late"),
    ("scxml", "version", "1.0"),
    ("invoke", "autoforward", "true false"),
)


def check(root: Element, report: Report) -> None:
    """Report every element and attribute of a document that SCXML does not know in its place."""
    if root.name != "scxml":
        fix = f"a document begins with <scxml xmlns={SCXML!r} version='1.0'>"
        report(root, f"this is not an SCXML document; {fix}")
        return
    forms = dict(_FORMS)
    waiting = [root]
    while waiting:
        element = waiting.pop()
        form = forms[element.name]
        _attributes(element, form, report)
        _values(element, report)
        if not form.text and any((text or "").strip() for text in (element.text, *(c.tail for c in element.each()))):
            report(element, "text stands in it, which means nothing here; take it out, or write a comment")
        for child in element.each():
            if child.name in form.children.split():
                if child.name != "scxml":  # a document of its own, or plain data
                    waiting.append(child)
            elif child.name in forms:
                report(child, f"may not stand in <{element.name}>; its place is in {_places(child.name)}")
            elif child.name != child.tag or (child.name.startswith("{}") and not form.open):
                known = form.children.replace(" ", ", ") or "nothing"
                report(child, f"SCXML has no such element; in <{element.name}> may stand: {known}")


def _attributes(element: Element, form: Form, report: Report) -> None:
    known = form.attributes.split()
    for name in element.attrib:
        if not name.startswith("{") and name not in known:
            report(element, f"{name}= is not an attribute of it; known are {', '.join(known) or 'none'}")
    for name in form.required.split():
        if not element.get(name, "").strip():
            report(element, f"{name}= is missing; write {name}='…'")
    for pair in form.pairs.split():
        given = [name for name in pair.split("|") if name in element.attrib]
        if len(given) > 1:
            report(element, f"{given[0]}= and {given[1]}= exclude each other; take one of them out")


def _values(element: Element, report: Report) -> None:
    for name, attribute, values in _VALUES:
        given = element.get(attribute)
        if element.name == name and given is not None and given not in values.split():
            report(element, f"{attribute}={given!r} is not known; write {' or '.join(map(repr, values.split()))}")


def _places(name: str) -> str:
    return ", ".join(f"<{parent}>" for parent, form in _FORMS if name in form.children.split()) or "the root"
