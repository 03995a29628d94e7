"""What went wrong, as a document."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.requests import Request

from fsm import errors
from visualize.dashboard.problem import MEDIA_TYPE, explained, problem

pytestmark = pytest.mark.anyio
REQUEST = Request({"type": "http", "method": "GET", "path": "/api/x", "headers": [], "query_string": b""})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InstanceUnknown("none"), 404),
        (errors.InstanceEnded("over"), 409),
        (errors.InboxFull("full"), 429),
        (errors.UnknownEvent("what"), 422),
        (errors.MissingExtra("dot", "No engine."), 501),
        (errors.StoreLocked("busy"), 503),
        (errors.WaitTimeout("late"), 409),
    ],
)
async def test_errors_of_the_project_have_a_status(error: Exception, status: int) -> None:
    answer = await explained(REQUEST, error)
    assert (answer.status_code, answer.media_type) == (status, MEDIA_TYPE)
    assert str(error) in json.loads(bytes(answer.body))["detail"]


async def test_a_full_inbox_says_when_to_ask_again() -> None:
    assert (await explained(REQUEST, errors.InboxFull("full"))).headers["retry-after"] == "5"
    assert "retry-after" not in (await explained(REQUEST, errors.EventInvalid("bad"))).headers


async def test_what_nobody_expected_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await explained(REQUEST, ZeroDivisionError("the password is 1234"))
    assert answer.status_code == 500
    assert b"1234" not in bytes(answer.body)
    assert "the password is 1234" in caplog.text


async def test_a_problem_carries_its_headers() -> None:
    assert problem(429, "wait", {"retry-after": "3"}).headers["retry-after"] == "3"
