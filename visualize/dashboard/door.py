"""The door: every request passes it, and every answer leaves through it with the headers that keep browsers strict."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fsm.limits import EVENT_BYTES_MAX
from visualize.dashboard.access import Access, Visitor
from visualize.dashboard.problem import problem
from visualize.dashboard.rates import Rate

BODY_BYTES_MAX: Final = EVENT_BYTES_MAX + 65_536
URL_CHARS_MAX: Final = 8_192
OPEN: Final = frozenset({"/api/session", "/api/openapi.json"})
"""What of the API may be asked by anybody: to sign in, and what there is to ask."""

READS, WRITES, SIGN_INS = (240, 60.0), (20, 2.0), (5, 0.1)
"""Of one visitor: so many at once, so many a second in the long run."""

HEADERS: Final = (
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


class Door:
    """Middleware around the whole page: refuses, limits, and dresses every answer."""

    def __init__(self, app: ASGIApp, access: Access, clock: Callable[[], float] = time.monotonic) -> None:
        """Lets nobody in who does not belong."""
        self._app, self._access = app, access
        self._rates = {name: Rate(*given, clock) for name, given in (("r", READS), ("w", WRITES), ("s", SIGN_INS))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS:
                    headers[name] = value
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        request = Request(scope, receive)
        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, dressed)
        else:
            await self._app(scope, receive, dressed)

    def _refusal(self, request: Request) -> Response | None:
        """Why a request is not let in; None when it is."""
        headers, path = request.headers, request.url.path
        address = request.client.host if request.client else ""
        change = request.method not in ("GET", "HEAD")
        visitor = self._access.visitor(headers, request.cookies, address)
        if visitor is not None and visitor.means == "local" and not _loopback(headers.get("host", "")):
            return problem(421, "This page is for this machine alone; open it as http://127.0.0.1 or localhost.")
        if len(str(request.url)) > URL_CHARS_MAX:
            return problem(414, f"The address is longer than {URL_CHARS_MAX:,} characters.")
        if (body := self._body_refusal(headers)) is not None:
            return body
        signing = change and path == "/api/session"
        rate = self._rates["s" if signing else "w" if change else "r"]
        who = address if signing or visitor is None else f"{visitor.means} {visitor.person.name} {address}"
        if seconds := rate.wait(who):
            after = {"retry-after": str(math.ceil(seconds))}
            return problem(429, f"Too many requests; ask again in {math.ceil(seconds)} s.", after)
        if not path.startswith("/api/"):
            return None
        if change and not _same_origin(request):
            return problem(403, "This was asked for by another site; use the page itself.")
        if path in OPEN and not (change and visitor is not None and not signing):
            request.scope["visitor"] = visitor
            return None
        return self._stranger(request, visitor, change=change)

    def _stranger(self, request: Request, visitor: Visitor | None, *, change: bool) -> Response | None:
        if visitor is None:
            return problem(401, "Sign in with a token, or send it as `Authorization: Bearer`.", _CHALLENGE)
        if change and not self._access.genuine(visitor, request.headers.get("x-csrf-token", "")):
            return problem(403, "The header X-CSRF-Token is missing or old; GET /api/session gives it.")
        if change and visitor.person.role != "operate":
            return problem(403, f"{visitor.person.name} may look, and not operate.")
        request.scope["visitor"] = visitor
        return None

    def _body_refusal(self, headers: Headers) -> Response | None:
        if "transfer-encoding" in headers:
            return problem(411, "Say with Content-Length how large the body is.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return problem(400, "Content-Length is no number.")
        if int(length) > BODY_BYTES_MAX:
            return problem(413, f"The body is larger than {BODY_BYTES_MAX:,} bytes; send a reference instead.")
        return None


_CHALLENGE: Final[Mapping[str, str]] = MappingProxyType({"www-authenticate": 'Bearer realm="fsm"'})


def _loopback(host: str) -> bool:
    """Whether a Host header names this machine itself: a name that somebody points at it would be a trick."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _same_origin(request: Request) -> bool:
    """Whether the page itself asks; programs, which are no browsers, send neither of the two headers."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
