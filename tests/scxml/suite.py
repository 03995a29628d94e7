"""The W3C suite: where its documents are, which count, how one is run; `python -m tests.scxml.suite` runs all."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from xml.etree import ElementTree

from fsm import StateMachine
from fsm.interop.scxml import read_scxml
from tests.scxml.language import Conformance
from tests.scxml.translator import translate

VARIABLE = "SCXML_W3C"
"""The environment variable that names the folder of the suite."""

HOME = "https://www.w3.org/Voice/2013/scxml-irp/"

SKIPPED: MappingProxyType[str, str] = MappingProxyType({})
"""Tests that this project does not want to pass, each with its reason; there is none at present."""

PASS = frozenset({"pass"})


class Assertion(NamedTuple):
    """What one test asserts, and the documents that show it."""

    text: str
    documents: tuple[str, ...]


def folder() -> Path | None:
    """The folder of the suite, when there is one."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given and (Path(given) / "manifest.xml").is_file() else None


@cache
def assertions() -> dict[str, Assertion]:
    """The mandatory automatic tests, by id."""
    place = folder()
    if place is None:
        return {}
    found = {}
    for assertion in ElementTree.parse(place / "manifest.xml").getroot().iter("assert"):
        for test in assertion.iter("test"):
            if test.get("conformance") == "mandatory" and test.get("manual") == "false":
                starts = tuple(Path(start.get("uri", "")).stem for start in test.iter("start"))
                found[test.get("id", "")] = Assertion(" ".join("".join(assertion.itertext()).split()), starts)
    return found


def documents() -> list[str]:
    """The documents of all tests that are not skipped."""
    return [name for id, test in assertions().items() if id not in SKIPPED for name in test.documents]


def load(address: str) -> str:
    """What a `src` of the suite names, as plain SCXML where it is a document."""
    place = folder()
    assert place is not None
    name = address.removeprefix("file:")
    if not name.endswith(".scxml"):
        return (place / name).read_text(encoding="utf-8")
    return translate((place / name).with_suffix(".txml").read_text(encoding="utf-8"))


def machine(document: str) -> type[StateMachine[Any]]:
    """The machine of a document."""
    return read_scxml(load(f"{document}.scxml"), Conformance(), load=load)


def end(document: str) -> frozenset[str]:
    """Where a document ends; half a minute is longer than any of them takes."""
    return machine(document).rehearse().advance("30s").configuration


def main() -> int:
    """Run everything; the exit code is 1 when something fails, 2 without a suite."""
    if not assertions():
        print(f"set {VARIABLE} to a folder with manifest.xml and the .txml files of {HOME}", file=sys.stderr)
        return 2
    passed = 0
    for id, test in assertions().items():
        if id in SKIPPED:
            print(f"{id} skipped: {SKIPPED[id]}")
        elif wrong := [name for name in test.documents if end(name) != PASS]:
            print(f"{id} failed in {', '.join(wrong)}: {test.text}")
        else:
            passed += 1
    print(f"W3C: {passed} of {len(assertions())} pass, {len(SKIPPED)} skipped with a reason")
    return 0 if passed + len(SKIPPED) == len(assertions()) else 1


if __name__ == "__main__":
    sys.exit(main())
