"""Responses: what an HTTP status and its body mean to a machine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from pydantic_core import from_json

from fsm.adapters.route import Request
from fsm.limits import PROBLEM_BYTES_MAX, RETRY_AFTER_SECONDS_MAX
from fsm.service import Retryable, Terminal

AGAIN = frozenset({408, 425, 429})
"""Statuses of 4xx that another attempt may change."""


def answered(request: Request, status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """The answer, decoded by the contract's annotation. Raises Terminal for what does not fit."""
    returns = request.method.returns
    if returns in (None, type(None)) or (status in request.statuses and request.statuses[status] is None):
        return None
    if returns is str and "json" not in headers.get("content-type", ""):
        return body.decode("utf-8", "replace")
    try:
        return request.method.decode(body or b"null")
    except ValueError as problem:
        raise Terminal(
            f"{request.method.full}: {request.line} answered {status} with what {problem}", data=_data(status, body)
        ) from problem


def is_answer(request: Request, status: int) -> bool:
    """Whether a status comes with an answer."""
    if status in request.statuses:
        return request.statuses[status] is None
    return 200 <= status < 300


def failure(request: Request, status: int, headers: Mapping[str, str], body: bytes, now: float) -> Exception:
    """What a status that is no answer means: by the route's own table, or by the usual one."""
    meaning = request.statuses.get(status) or (Retryable if status in AGAIN or status >= 500 else Terminal)
    data = _data(status, body)
    problem = data["body"]
    why = (problem.get("detail") or problem.get("title")) if isinstance(problem, dict) else None
    text = f"{request.method.full}: {request.line} answered {status} {_phrase(status)}".rstrip()
    text += f": {why}" if isinstance(why, str) else ""
    if meaning is Terminal:
        return Terminal(text, data=data)
    return Retryable(text, after=_after(headers, now), data=data)


def _after(headers: Mapping[str, str], now: float) -> timedelta | None:
    """When to come back; a date counts from that of the server, whose clock may differ from ours."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        seconds = float(text[:20])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp()
            date = headers.get("date")
            seconds -= parsedate_to_datetime(date).timestamp() if date else now
        except (ValueError, OverflowError):
            return None
    return timedelta(seconds=min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX))


def _data(status: int, body: bytes) -> dict[str, Any]:
    """What is kept of a failure: the problem as data, or the beginning of what was sent."""
    if len(body) <= PROBLEM_BYTES_MAX:
        try:
            return {"status": status, "body": from_json(body)}
        except ValueError:
            pass
    return {"status": status, "body": body[:PROBLEM_BYTES_MAX].decode("utf-8", "replace")}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else ""
