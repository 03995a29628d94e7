"""The text of a document: a dict, JSON, YAML or a file, brought to plain JSON data within bounds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from fsm.chart.declared import shown
from fsm.errors import DefinitionError
from fsm.limits import DOCUMENT_CHARS_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_VALUES_MAX

SUFFIXES = (".json", ".yaml", ".yml")


def document_of(source: object) -> dict[str, Any]:
    """The data of a document: a mapping itself, JSON or YAML text, or the file that a path names.

    >>> document_of("name: Lamp\\nstates: [Off, On]")
    {'name': 'Lamp', 'states': ['Off', 'On']}

    The result is a copy that nobody else holds. Raises DefinitionError.
    """
    if isinstance(source, Path) or (isinstance(source, str) and is_file_name(source)):
        name, data = str(source), _parsed(_content(Path(source)), Path(source).suffix.lower(), str(source))
    else:
        name, data = "document", _parsed(source, "", "document") if isinstance(source, str) else source
    if isinstance(data, Mapping) and isinstance(data.get("name"), str):
        name = shown(data["name"])[1:-1]
    problems: list[str] = []
    found = _Plain(problems).copy(data, "")
    if not problems and not isinstance(found, dict):
        problems.append(f"a document is an object with name and states, not {_kind(found)}; see docs/charts-as-data.md")
    if problems:
        raise DefinitionError(name, problems)
    assert isinstance(found, dict)
    return found


def is_file_name(text: str) -> bool:
    """Whether a text names a file rather than being a document itself."""
    return text.lower().endswith(SUFFIXES) and "\n" not in text and "{" not in text


def path_of(parts: tuple[int | str, ...]) -> str:
    """A place in a document as a person writes it.

    >>> path_of(("states", 2, "children", 0, "initial"))
    'states[2].children[0].initial'
    """
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise DefinitionError(str(path), [f"cannot be read ({problem}); give the path of a UTF-8 file"]) from problem


def _parsed(text: str, suffix: str, name: str) -> Any:
    """The data of JSON or YAML text."""
    if len(text) > DOCUMENT_CHARS_MAX:
        raise DefinitionError(
            name, [f"has {len(text):,} characters, the limit is {DOCUMENT_CHARS_MAX:,}; split the machine"]
        )
    wrong = ""
    if suffix == ".json" or (not suffix and text.lstrip().startswith("{")):
        try:
            return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as problem:
            wrong = f"is not JSON: {_told(problem)}"
            if suffix:
                raise DefinitionError(name, [f"{wrong}; mend it there"]) from problem
    try:
        return yaml.load(text, Loader=_Loader)  # a safe loader: it makes plain data only
    except Exception as problem:  # the constructors of explicit tags raise whatever they like
        raise DefinitionError(name, [f"{wrong or f'is not YAML: {_told(problem)}'}; mend it there"]) from problem


def _told(problem: Exception) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"the key {_twice([name for name, _ in pairs])!r} stands twice in one object")
    return found


def _twice(keys: list[Any]) -> Any:
    return next(k for n, k in enumerate(keys) if k in keys[:n])


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


class _Loader(yaml.SafeLoader):
    """Safe YAML whose plain scalars mean what JSON has: `Off`, `yes`, `1:30` and dates are text."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping in which every key stands once."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        found: dict[Hashable, Any] = super().construct_mapping(node, deep=True)
        if len(found) < len(keys):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {_twice(keys)!r} stands twice", node.start_mark
            )
        return found


for _tag, _pattern, _first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", "-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


class _Plain:
    """Copies data that may be anything, keeping what JSON has and reporting what it has not."""

    def __init__(self, problems: list[str]) -> None:
        self.problems, self.left = problems, DOCUMENT_VALUES_MAX

    def copy(self, value: Any, path: str, depth: int = 0) -> Any:
        """The same as plain data."""
        self.left -= 1
        if self.left == 0:
            self._wrong(
                "", f"has more than {DOCUMENT_VALUES_MAX:,} values (aliases count each time); split the machine"
            )
        if self.left <= 0:
            return None
        if depth > DOCUMENT_DEPTH_MAX:
            self._wrong(path, f"is nested deeper than {DOCUMENT_DEPTH_MAX} levels; make it flatter")
            return None
        match value:
            case Mapping():
                return {k: self.copy(v, f"{path}.{k}", depth + 1) for k, v in value.items() if self._key(k, path)}
            case list() | tuple():
                return [self.copy(v, f"{path}[{n}]", depth + 1) for n, v in enumerate(value)]
            case str():
                return self._text(str(value), path)
            case None | bool():
                return value
            case int() if abs(value) < 2**63:
                return int(value)
            case float() if math.isfinite(value):
                return float(value)
            case int() | float():
                self._wrong(path, f"{shown(value)} is no number that fits; write a smaller one, or text")
            case _:
                self._wrong(path, f"{shown(value)} is nothing that JSON has; write text, numbers, lists and objects")
        return None

    def _key(self, key: Any, path: str) -> bool:
        if not isinstance(key, str):
            self._wrong(path, f"the key {shown(key)} is not text; put it in quotes")
            return False
        return self._text(key, path) is not None

    def _text(self, text: str, path: str) -> str | None:
        try:
            text.encode()
        except UnicodeEncodeError:
            self._wrong(path, f"{shown(text)} is not valid Unicode; take the lone surrogate out")
            return None
        return text

    def _wrong(self, path: str, text: str) -> None:
        self.problems.append(f"{path.lstrip('.')}: {text}" if path else text)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case list():
            return "a list"
        case str():
            return "text"
        case _:
            return shown(value)
