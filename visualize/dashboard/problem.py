"""A problem: what went wrong, as a document that a program can read (RFC 9457), and never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from fsm import errors
from visualize.dashboard.api import Problem

MEDIA_TYPE: Final = "application/problem+json"

STATUSES: Final = (
    (errors.InstanceUnknown, 404),
    (errors.PastUnknown, 404),
    (errors.TaskUnknown, 404),
    (errors.ScheduleUnknown, 404),
    (errors.FormInvalid, 422),
    (errors.ChangeInvalid, 422),
    (errors.MachineUnknown, 404),
    (errors.InboxFull, 429),
    (errors.EventError, 422),
    (errors.InstanceError, 409),
    (errors.DrawingError, 409),
    (errors.MissingExtra, 501),
    (errors.StoreUnsuitable, 409),
    (errors.StoreError, 503),
)
"""The status of each error of the project; the first that fits."""

FULL_SECONDS: Final = 5
"""After how many seconds there may be room in an inbox that was full."""

_LOG = logging.getLogger("fsm.dashboard")


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer to a request that is not carried out."""
    content = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail).model_dump()
    return JSONResponse(content, status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


async def explained(request: Request, error: Exception) -> JSONResponse:
    """The answer to a request that raised."""
    match error:
        case HTTPException():
            return problem(error.status_code, str(error.detail), error.headers)
        case RequestValidationError():
            return problem(422, "; ".join(_mistake(one) for one in error.errors()))
        case errors.FsmError():
            status = next((status for kind, status in STATUSES if isinstance(error, kind)), 409)
            after = {"retry-after": str(FULL_SECONDS)} if isinstance(error, errors.InboxFull) else None
            return problem(status, str(error), after)
        case _:
            _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
            return problem(500, "Something unexpected went wrong here; the log of this process says what.")


def _mistake(one: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in one["loc"] if part not in ("query", "body"))
    return f"{place or 'the body'}: {one['msg']}"
