"""The language of the translated W3C tests: JSON, variables, system variables, and words such as `idVal 1=2`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fsm.interop.scxml import Element, Scene

SOME = "some words"
FIELDS = frozenset({"name", "type", "sendid", "origin", "origintype", "invokeid", "data"})
PROCESSOR = "http://www.w3.org/TR/scxml/#SCXMLEventProcessor"


class Conformance:
    """An evaluator for that language."""

    def guard(self, text: str) -> Callable[[Scene], bool]:
        word, _, rest = text.partition(" ")
        if word not in QUESTIONS:
            raise ValueError(f"{text!r} is not a condition")
        return lambda scene: QUESTIONS[word](scene, rest.strip())

    def value(self, text: str) -> Callable[[Scene], Any]:
        return lambda scene: value(scene, text)

    def location(self, text: str, *, declare: bool = False) -> Callable[[Scene, Any], None]:
        def assign(scene: Scene, given: Any) -> None:
            if not re.fullmatch(r"Var\d+", text) or not (declare or text in scene.data):
                raise LookupError(f"{text} is not a variable")
            scene.data[text] = given

        return assign

    def execute(self, element: Element) -> Callable[[Scene], None]:
        name, _, expression = (element.text or "").partition("=")
        return lambda scene: scene.data.__setitem__(name.strip(), value(scene, expression.strip()))


def value(scene: Scene, text: str) -> Any:
    if text.startswith("'"):
        return text.strip("'")
    if re.fullmatch(r"Var\d+", text):
        found = scene.data.get(text)
        if found is None:
            raise LookupError(f"{text} has no value")
        return found
    if text.startswith("_"):
        return scene.system[text]
    word, _, rest = text.partition(" ")
    return WORDS[word](scene, rest.strip()) if word in WORDS else json.loads(text)


def _event(scene: Scene) -> Mapping[str, Any]:
    assert scene.event is not None
    return scene.event


def _sides(scene: Scene, text: str, sign: str = "=") -> tuple[Any, str]:
    number, _, rest = text.partition(sign)
    return scene.data.get(f"Var{number}"), rest


def _equal(scene: Scene, text: str) -> bool:
    found, rest = _sides(scene, text)
    return bool(found == json.loads(rest))


def _quoted(scene: Scene, text: str) -> bool:
    found, rest = _sides(scene, text)
    return bool(found == rest)


def _system(scene: Scene, text: str) -> bool:
    found, rest = _sides(scene, text)
    return bool(found == scene.system[rest])


def _less(scene: Scene, text: str) -> bool:
    found, rest = _sides(scene, text, "<")
    return bool(found < value(scene, f"Var{rest}"))


def _same(scene: Scene, text: str) -> bool:
    left, right = (value(scene, f"Var{number}") for number in text.split())
    return bool(left == right)


def _prefix(scene: Scene, text: str) -> bool:
    left, right = (value(scene, f"Var{number}") for number in text.split())
    return bool(right.startswith(left))


def _field(scene: Scene, text: str) -> bool:
    found, rest = text.split("=")
    return bool(_event(scene)["data"][f"Var{found}"] == json.loads(rest))


def _illegal(scene: Scene, text: str) -> Any:
    raise ArithmeticError("this has no value")


def _sum(scene: Scene, text: str) -> Any:
    left, right = text.split()
    return value(scene, left) + value(scene, right)


QUESTIONS: Mapping[str, Callable[[Scene, str], bool]] = MappingProxyType(
    {
        "idVal": _equal,
        "namelistIdVal": _equal,
        "idQuoteVal": _quoted,
        "idSystemVarVal": _system,
        "idSomeVal": lambda scene, text: scene.data.get(f"Var{text}") == SOME,
        "isBound": lambda scene, text: scene.data.get(f"Var{text}") is not None,
        "unboundVar": lambda scene, text: scene.data.get(f"Var{text}") is None,
        "noValue": lambda scene, text: scene.data.get(f"Var{text}") is None,
        "systemVarIsBound": lambda scene, text: text in scene.system,
        "nameVarVal": lambda scene, text: scene.system["_name"] == text,
        "compareIDVal": _less,
        "VarEqVar": _same,
        "VarEqVarStruct": _same,
        "varPrefix": _prefix,
        "nonBoolean": _illegal,
        "eventNameVal": lambda scene, text: _event(scene)["name"] == text,
        "originTypeEq": lambda scene, text: _event(scene)["origintype"] == text,
        "eventFieldHasNoValue": lambda scene, text: _event(scene)[text] is None,
        "eventFieldsAreBound": lambda scene, text: _event(scene).keys() >= FIELDS,
        "eventdataVal": lambda scene, text: _event(scene)["data"] == value(scene, text),
        "eventdataSomeVal": lambda scene, text: _event(scene)["data"] == SOME,
        "emptyEventData": lambda scene, text: _event(scene)["data"] is None,
        "eventvarVal": _field,
    }
)
WORDS: Mapping[str, Callable[[Scene, str], Any]] = MappingProxyType(
    {
        "quoteExpr": lambda scene, text: text,
        "sum": _sum,
        "illegalExpr": _illegal,
        "illegalArray": lambda scene, text: 7,
        "invalidSendTypeExpr": lambda scene, text: "unheard-of",
        "invalidSessionID": lambda scene, text: "#_scxml_nobody",
        "scxmlEventIOLocation": lambda scene, text: scene.system["_ioprocessors"][PROCESSOR]["location"],
        "eventField": lambda scene, text: _event(scene)[text],
        "eventName": lambda scene, text: _event(scene)["name"],
        "eventType": lambda scene, text: _event(scene)["type"],
        "eventSendid": lambda scene, text: _event(scene)["sendid"],
        "eventDataFieldValue": lambda scene, text: _event(scene)["data"][text],
        "eventDataParamValue": lambda scene, text: _event(scene)["data"][text],
        "eventDataNamelistValue": lambda scene, text: _event(scene)["data"][f"Var{text}"],
    }
)
