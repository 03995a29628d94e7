"""Routes: where arguments go, and what cannot be declared."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from fsm.adapters.route import Route, read_route, status_problems
from fsm.service import Retryable, Terminal
from fsm.service.contract import Contract


class Shop(Protocol):
    async def buy(self, shop: str, items: list[str], note: str | None = None) -> None: ...


BUY = Contract.alone(Shop).methods["buy"]
VALUES = {"shop": "a/b", "items": ["x", "y"], "note": None}
REST = b'{"items":["x","y"],"note":null}'
PAIRS = [("items", "x"), ("items", "y")]


@pytest.mark.parametrize(
    ("route", "path", "query", "body", "headers"),
    [
        ("POST /{shop}", "/a%2Fb", [], REST, {}),
        ("GET /{shop}/list", "/a%2Fb/list", PAIRS, None, {}),
        (Route("PUT /{shop}", query="note", body="items"), "/a%2Fb", [], b'["x","y"]', {}),
        (Route("POST /{shop}", query=("items",), body=("note",)), "/a%2Fb", PAIRS, b'{"note":null}', {}),
        (Route("PATCH /all", headers={"X-Shop": "at {shop}"}), "/all", [], REST, {"X-Shop": "at a/b"}),
        (Route("DELETE /{shop}", body=("items", "note")), "/a%2Fb", [], REST, {}),
    ],
)
def test_arguments_go_where_the_route_says(
    route: Any, path: str, query: list[tuple[str, str]], body: bytes | None, headers: dict[str, str]
) -> None:
    request, problems = read_route(BUY, route, {})
    assert not problems
    assert (request.path_of(VALUES), request.query_of(VALUES)) == (path, query)
    assert (request.body_of(VALUES), request.headers_of(VALUES)) == (body, headers)


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        (Route("GET /{shop}", body="items", query="note"), "a GET has no body"),
        (Route("POST /{shpo}"), "the path names 'shpo', which is no parameter; there are shop, items, note"),
        (Route("POST /", query="shop", body=("items", "nota")), "body= names 'nota'"),
        (Route("POST /", query="shop", body="items"), "note goes nowhere; name it in the path, query= or body="),
        (Route("POST /{items}"), "items is no text that a path or header could carry; use body="),
        (Route("POST /{shop}", headers={"X Shop": "a"}), "'X Shop' is not the name of a header"),
        (Route("POST /{shop}", statuses={100: None}), "statuses= has 100; a status is a number from 200 to 599"),
    ],
)
def test_a_route_that_contradicts_its_method_is_told(route: Route, problem: str) -> None:
    assert any(problem in found for found in read_route(BUY, route, {})[1])


@pytest.mark.parametrize("line", ["GET", "/a", "get /a", "FETCH /a", "GET a", "GET /a?b=1", "GET /a b", "GET /{a.b}"])
def test_a_line_is_a_verb_and_a_path(line: str) -> None:
    with pytest.raises(ValueError, match=r"is not a verb and a path|no name"):
        read_route(BUY, line, {})


def test_the_table_of_a_route_wins_over_that_of_the_service() -> None:
    request, _ = read_route(BUY, Route("POST /", statuses={409: None}), {409: Terminal, 410: Retryable})
    assert request.statuses == {409: None, 410: Retryable}


def test_a_status_means_one_of_three_things() -> None:
    wrong: Any = {404: "skip", True: None}
    assert len(status_problems(wrong)) == 2
