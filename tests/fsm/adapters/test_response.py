"""Responses: when to come back, and what is kept of a failure."""

from __future__ import annotations

from typing import Protocol

import pytest

from fsm.adapters.response import failure
from fsm.adapters.route import read_route
from fsm.service import Retryable
from fsm.service.contract import Contract


class Shop(Protocol):
    async def open(self) -> None: ...


REQUEST, _ = read_route(Contract.alone(Shop).methods["open"], "POST /", {})
NOW = 1_445_412_480.0
"""Wed, 21 Oct 2015 07:28:00 GMT"""


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"retry-after": "Wed, 21 Oct 2015 07:29:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:00 GMT", "date": "Wed, 21 Oct 2015 07:28:50 GMT"}, 10.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 9999 07:27:00 GMT"}, 86_400.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Wed, 41 Oct 2015"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:29:00 GMT", "date": "today"}, None),
        ({}, None),
    ],
)
def test_a_date_counts_from_the_servers_own(headers: dict[str, str], after: float | None) -> None:
    problem = failure(REQUEST, 503, headers, b"", NOW)
    assert isinstance(problem, Retryable)
    assert problem.after == after


def test_what_is_no_json_is_kept_as_text() -> None:
    problem = failure(REQUEST, 499, {}, b"<html>", NOW)
    assert str(problem) == "Shop.open: POST / answered 499"
    assert vars(problem)["data"] == {"status": 499, "body": "<html>"}
