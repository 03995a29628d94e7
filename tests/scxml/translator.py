"""The W3C tests are written without an expression language; here they get one: `conf:` attributes become plain ones.

What the attributes say is kept as it stands (`conf:idVal="1=2"` becomes `cond="idVal 1=2"`); tests/scxml/language.py
gives it a meaning.
"""

from __future__ import annotations

from types import MappingProxyType
from xml.etree import ElementTree

CONF = "{http://www.w3.org/2005/scxml-conformance}"
SCXML = "{http://www.w3.org/2005/07/scxml}"

CONDITIONS = frozenset(
    {
        "VarEqVar",
        "VarEqVarStruct",
        "compareIDVal",
        "emptyEventData",
        "eventFieldHasNoValue",
        "eventFieldsAreBound",
        "eventNameVal",
        "eventdataSomeVal",
        "eventdataVal",
        "eventvarVal",
        "idQuoteVal",
        "idSomeVal",
        "idSystemVarVal",
        "idVal",
        "isBound",
        "nameVarVal",
        "namelistIdVal",
        "noValue",
        "nonBoolean",
        "originTypeEq",
        "systemVarIsBound",
        "unboundVar",
        "varPrefix",
    }
)
VALUES = frozenset(
    {
        "eventDataFieldValue",
        "eventDataNamelistValue",
        "eventDataParamValue",
        "eventField",
        "eventName",
        "eventSendid",
        "eventType",
        "illegalArray",
        "illegalExpr",
        "invalidSendTypeExpr",
        "invalidSessionID",
        "quoteExpr",
        "scxmlEventIOLocation",
    }
)
WRITTEN = MappingProxyType(
    {
        "targetpass": ("target", "pass"),
        "targetfail": ("target", "fail"),
        "true": ("cond", "true"),
        "false": ("cond", "false"),
        "illegalTarget": ("target", "!nowhere"),
        "unreachableTarget": ("target", "#_scxml_nobody"),
        "invalidSendType": ("type", "unheard-of"),
        "invalidNamelist": ("namelist", "no-variable"),
        "invalidLocation": ("location", "no-variable"),
        "illegalItem": ("item", "no-variable"),
    }
)
NAMED = MappingProxyType(
    {
        "id": "id",
        "name": "name",
        "location": "location",
        "idlocation": "idlocation",
        "namelist": "namelist",
        "item": "item",
        "index": "index",
        "arrayVar": "array",
        "arrayTextVar": "array",
        "varExpr": "expr",
        "varChildExpr": "expr",
        "targetVar": "targetexpr",
        "targetExpr": "targetexpr",
        "typeExpr": "typeexpr",
        "eventExpr": "eventexpr",
        "srcExpr": "srcexpr",
        "sendIDExpr": "sendidexpr",
        "delayFromVar": "delayexpr",
    }
)
"""Attributes that hold the number of a variable."""


def translate(text: str) -> str:
    """A document of the suite as plain SCXML."""
    root = ElementTree.fromstring(text)
    for element in [*root.iter()]:
        _attributes(element)
        _children(element)
    return ElementTree.tostring(root, encoding="unicode")


def _attributes(element: ElementTree.Element) -> None:
    for key in [key for key in element.attrib if key.startswith(CONF)]:
        name, value = key.removeprefix(CONF), element.attrib.pop(key)
        plain, text = _attribute(name, value)
        if plain:
            element.set(plain, text)


def _attribute(name: str, value: str) -> tuple[str, str]:
    if name in WRITTEN:
        return WRITTEN[name]
    if name in NAMED:
        return NAMED[name], f"Var{value}"
    if name in CONDITIONS:
        return "cond", f"{name} {value}"
    if name in VALUES:
        return "expr", f"{name} {value}"
    match name:
        case "datamodel":
            return "", ""
        case "expr" | "systemVarExpr":
            return "expr", value
        case "systemVarLocation":
            return "location", value
        case "inState":
            return "cond", f"In('{value}')"
        case "delay":
            return "delay", f"{value}s"
        case _:
            raise AssertionError(f"conf:{name} is not translated")


def _children(element: ElementTree.Element) -> None:
    for number, child in enumerate([*element]):
        if not child.tag.startswith(CONF):
            continue
        made = _element(child)
        if isinstance(made, str):
            element.remove(child)
            element.text = made
        else:
            element[number] = made


def _element(child: ElementTree.Element) -> ElementTree.Element | str:
    first, second = f"Var{child.get('id1', child.get('id'))}", f"Var{child.get('id2')}"

    def assign(expression: str) -> ElementTree.Element:
        return ElementTree.Element(f"{SCXML}assign", {"location": first, "expr": expression})

    match child.tag.removeprefix(CONF):
        case "pass" | "fail" as id:
            return ElementTree.Element(f"{SCXML}final", {"id": id})
        case "array123":
            return "[1, 2, 3]"
        case "someInlineVal":
            return "some words"
        case "incrementID":
            return assign(f"sum {first} 1")
        case "concatVars" | "sumVars":
            return assign(f"sum {first} {second}")
        case "extendArray":
            return assign(f"sum {first} [4]")
        case "contentFoo":
            return ElementTree.Element(f"{SCXML}content", {"expr": "'foo'"})
        case "script":
            made = ElementTree.Element(f"{SCXML}script")
            made.text = "Var1 = 1"
            return made
        case "sendToSender":
            attributes = {"event": child.get("name", ""), "targetexpr": "eventField origin"}
            return ElementTree.Element(f"{SCXML}send", {**attributes, "typeexpr": "eventField origintype"})
        case other:
            raise AssertionError(f"<conf:{other}> is not translated")
