"""Routes: one method of a contract as an HTTP request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic_core import to_json

from fsm.adapters.declaration import Template, structured, text_of, unknown
from fsm.service import Retryable, Terminal
from fsm.service.contract import Method

Meaning = type[Retryable] | type[Terminal] | None
"""What a status means: worth another attempt, the end, or the answer `None`."""

_LINE = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^\s?#]*)")
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Route:
    """How a method of a contract is asked over HTTP.

        Route("POST /accounts/{account}/charges", body=("amount", "currency"), statuses={409: Retryable})

    `line` is verb and path. Of the arguments that it has no place for, `query` and `body` name those that go there, and
    `headers` has places for others; as long as neither names any, all that is left is the query of GET, HEAD and DELETE
    and the JSON object that others send. A `body` of one name is that argument itself. `statuses` says what a status
    means where the usual is wrong: `Retryable`, `Terminal`, or None for the answer `None`.
    """

    line: str
    query: str | tuple[str, ...] = ()
    body: str | tuple[str, ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[int, Meaning] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A route, checked against its method."""

    method: Method
    line: str
    verb: str
    path: Template
    query: tuple[str, ...]
    body: str | tuple[str, ...] | None
    headers: tuple[tuple[str, Template], ...]
    statuses: Mapping[int, Meaning]

    def path_of(self, values: Mapping[str, Any]) -> str:
        """The path, with its arguments as single segments. Raises Terminal for one that would be none or another."""
        return self.path.filled(lambda name: self._segment(name, values[name]))

    def _segment(self, name: str, value: Any) -> str:
        text = text_of(self.method, name, value)
        if text in ("", ".", ".."):
            raise Terminal(f"{self.method.full}: {name}={text!r} cannot be a part of a path; pass another")
        return quote(text, safe="")

    def query_of(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The query: nothing for None, one pair for each item of a list."""
        return [
            (name, text_of(self.method, name, item))
            for name in self.query
            for item in (values[name] if isinstance(values[name], (list, tuple)) else [values[name]])
            if item is not None
        ]

    def body_of(self, values: Mapping[str, Any]) -> bytes | None:
        """What is sent, as JSON."""
        match self.body:
            case None:
                return None
            case str():
                return to_json(values[self.body])
            case _:
                return to_json({name: values[name] for name in self.body})

    def headers_of(self, values: Mapping[str, Any]) -> dict[str, str]:
        """The headers of this route."""
        return {
            name: text.filled(lambda argument: text_of(self.method, argument, values[argument]))
            for name, text in self.headers
        }


def read_route(method: Method, given: Route | str, statuses: Mapping[int, Meaning]) -> tuple[Request, list[str]]:
    """A route checked against its method, and what is wrong with it. Raises ValueError."""
    route = given if isinstance(given, Route) else Route(given)
    line = _LINE.fullmatch(route.line) if isinstance(route.line, str) else None
    if line is None:
        raise ValueError(f"{route.line!r} is not a verb and a path; write 'POST /charges' or 'GET /charges/{{id}}'")
    verb, path = line[1], Template(line[2])
    query = (route.query,) if isinstance(route.query, str) else tuple(route.query)
    headers = tuple((name, Template(text)) for name, text in route.headers.items())
    placed = path.names.union(*(text.names for _, text in headers))
    rest = tuple(name for name in list(method.signature.parameters)[1:] if name not in placed)
    body, sends = route.body, verb in ("POST", "PUT", "PATCH")
    if not query and body is None and rest:
        query, body = ((), rest) if sends else (rest, None)
    named = {
        "the path": path.names,
        "query=": query,
        "body=": () if body is None else (body,) if isinstance(body, str) else body,
        **{f"the header {name}": text.names for name, text in headers},
    }
    problems = unknown(method, named)
    if body is not None and verb in ("GET", "HEAD"):
        problems.append(f"a {verb} has no body; leave out body=, or use another verb")
    going = placed.union(*map(set, named.values()))
    problems += [f"{name} goes nowhere; name it in the path, query= or body=" for name in rest if name not in going]
    texts = sorted(placed)
    problems += [
        f"{name} is no text that a path or header could carry; use body=" for name in texts if structured(method, name)
    ]
    problems += [f"{name!r} is not the name of a header" for name, _ in headers if not _HEADER.fullmatch(name)]
    problems += status_problems(route.statuses)
    return Request(method, route.line, verb, path, query, body, headers, {**statuses, **route.statuses}), problems


def status_problems(statuses: Mapping[int, Meaning]) -> list[str]:
    """What is wrong with a table of statuses."""
    numbers = [
        f"statuses= has {n!r}; a status is a number from 200 to 599" for n in statuses if n not in range(200, 600)
    ]
    return numbers + [
        f"statuses= makes {meaning!r} of {n}; write Retryable, Terminal or None"
        for n, meaning in statuses.items()
        if meaning not in (Retryable, Terminal, None)
    ]
