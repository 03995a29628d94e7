"""A rule set: JDM documents, evaluated by `zen-engine`, as the implementation of a service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from fsm.decision import jdm
from fsm.decision.decision import Decision
from fsm.errors import DecisionFailed, DefinitionError, MissingExtra
from fsm.limits import DOCUMENT_CHARS_MAX


class RuleSet:
    """Rules as data: JDM documents by name, which may refer to each other. Needs the extra `rules`.

    `RuleSet({"loan": document})` takes mappings or JSON, `RuleSet.read("rules")` takes files. As a service, every
    decision is journaled with the version of its document and the rows that matched. Raises DefinitionError with
    everything that is wrong with the documents, and MissingExtra.
    """

    def __init__(self, documents: Mapping[str, jdm.Document | str]) -> None:
        zen = _zen()
        self._documents, problems = _checked(zen, documents)
        if problems:
            raise DefinitionError("rules", problems)
        self.versions = {name: _digest(name, self._documents) for name in self._documents}
        """The version of each document; it changes with any document that this one refers to."""
        engine = zen.ZenEngine({"loader": {"type": "static", "content": self._documents}})
        self._decisions = {name: engine.get_decision(name) for name in self._documents}

    @classmethod
    def read(cls, *paths: Path | str) -> RuleSet:
        """Read files, and all `.json` files of folders; a document is called like its file, without the suffix."""
        files = [
            file for path in map(Path, paths) for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])
        ]
        texts: dict[str, jdm.Document | str] = {}
        problems = [] if files else [f"no .json file in {', '.join(map(str, paths)) or 'nothing'}; give other paths"]
        for file in files:
            if file.stem in texts:
                problems.append(f"{file}: there is a {file.stem!r} already; rename one of them")
            try:
                texts[file.stem] = file.read_text(encoding="utf-8")
            except (OSError, ValueError) as problem:
                problems.append(f"{file}: cannot be read ({problem}); give the path of a UTF-8 file")
        if problems:
            raise DefinitionError("rules", problems)
        return cls(texts)

    async def decide(self, name: str, data: Any) -> Decision[Any]:
        """Evaluate a document on data that JSON can carry, models included. Raises DecisionFailed.

        It never waits; it is awaited because services are. A case that no row matches has no rows in its decision.
        """
        if name not in self._decisions:
            raise DecisionFailed(f"rules: no document {name!r}; there are {', '.join(sorted(self._decisions))}")
        try:
            answer = self._decisions[name].evaluate(_plain(data), {"trace": True})
        except Exception as problem:  # the engine raises every kind, and gives its reasons as text
            raise DecisionFailed(
                f"rules: {name!r} has no answer for what it was given: {jdm.failure_of(problem)}. Mend the document, or"
                f" give it other data."
            ) from problem
        rows = tuple(jdm.rows_of(answer["trace"], self._documents[name], self._documents))
        return Decision(output=answer["result"], version=self.versions[name], rows=rows)


def _checked(zen: Any, given: Mapping[str, jdm.Document | str]) -> tuple[dict[str, jdm.Document], list[str]]:
    """The documents as data, and everything that is wrong with them."""
    found: dict[str, jdm.Document] = {}
    problems = [] if given else ["there is no document; give at least one"]
    for name, document in given.items():
        try:
            text = document if isinstance(document, str) else json.dumps(document, allow_nan=False)
            if len(text) > DOCUMENT_CHARS_MAX:
                raise ValueError(f"it has {len(text):,} characters, the limit is {DOCUMENT_CHARS_MAX:,}")
            zen.ZenEngine().create_decision(text).validate()
            found[name] = json.loads(text)
        except (ValueError, TypeError, RuntimeError, RecursionError) as problem:
            problems.append(f"{name}: not a JDM document: {jdm.failure_of(problem)}; mend it there")
    for name, document in found.items():
        told = jdm.mistakes_of(document, given, zen.compile_expression, zen.compile_unary_expression)
        problems += [f"{name}: {mistake}" for mistake in told]
    if not problems:
        try:
            TopologicalSorter({name: jdm.references(document) for name, document in found.items()}).prepare()
        except CycleError as cycle:
            problems.append(f"{' → '.join(reversed(cycle.args[1]))}: documents refer to each other in a circle; cut it")
    return found, problems


def _digest(name: str, documents: Mapping[str, jdm.Document]) -> str:
    """The version of a document with all that it refers to."""
    needed, waiting = {}, [name]
    while waiting:
        key = waiting.pop()
        if key not in needed:
            needed[key] = documents[key]
            waiting += jdm.references(documents[key])
    text = json.dumps([name, needed], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _plain(data: Any) -> Any:
    """Data as the engine takes it; decimals as numbers, which have to fit into 64 bits."""
    if isinstance(data, BaseModel):
        data = data.model_dump()
    if isinstance(data, Decimal):
        number = float(data)
        if Decimal(repr(number)) != data:
            raise ValueError(f"{data} has more digits than a number of JSON carries")
        return number
    if isinstance(data, Mapping):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple | set | frozenset):
        return [_plain(value) for value in data]
    return to_jsonable_python(data)


def _zen() -> Any:
    try:
        import zen
    except ImportError as missing:
        raise MissingExtra("rules", "Rule sets are evaluated by zen-engine.") from missing
    return zen
