"""HTTP: an implementation of a contract that is declared, not written; needs the extra `http`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from fsm.adapters.declaration import Declared, declared, key
from fsm.adapters.response import answered, failure, is_answer
from fsm.adapters.route import Meaning, Request, Route, read_route, status_problems
from fsm.errors import MissingExtra, ServiceInvalid
from fsm.limits import CALL_SECONDS_MAX, CONNECTIONS_MAX, PROBLEM_BYTES_MAX, RESPONSE_BYTES_MAX
from fsm.service import Retryable, Terminal

if TYPE_CHECKING:
    import httpx

Headers = Mapping[str, str] | Callable[[], Mapping[str, str] | Awaitable[Mapping[str, str]]]
"""Headers of every request, or what makes them anew for each: tokens expire."""


def http_service(
    contract: type,
    url: str,
    routes: Mapping[str, Route | str],
    *,
    headers: Headers | None = None,
    statuses: Mapping[int, Meaning] | None = None,
    response_bytes_max: int = RESPONSE_BYTES_MAX,
    client: Callable[[], httpx.AsyncClient] | None = None,
) -> HttpService:
    """Make an implementation of a contract that asks a web service.

        http_service(Payments, "https://bank.example/v2", {"charge": "POST /charges", "find": "GET /charges/{id}"},
                     headers={"Authorization": f"Bearer {token}"})

    Answers are decoded by the return annotations. 408, 425, 429, 5xx and all trouble with the connection are
    `Retryable`, `Retry-After` included; every other failure, redirects among them, is `Terminal` with status and
    problem as its `data`. Requests that may change something carry the call's `Idempotency-Key`. Names of certificates,
    proxies and the like are the business of a `client` of your own. Raises DefinitionError, MissingExtra.
    """
    problems = status_problems(statuses or {})
    if (parts := urlsplit(url)).scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        problems.append(f"{url!r} is not the address of a web service; write one like 'https://bank.example/v2'")
    requests = declared(contract, routes, lambda method, route: read_route(method, route, statuses or {}), problems)
    return HttpService(url.rstrip("/"), requests, headers or {}, response_bytes_max, client or _client)


class HttpService(Declared):
    """Asks a web service; made by `http_service`, open inside `async with`, which an orchestrator does by itself.

    All who have entered it share its connections.
    """

    def __init__(
        self,
        url: str,
        requests: Mapping[str, Request],
        headers: Headers,
        response_bytes_max: int,
        client: Callable[[], httpx.AsyncClient],
    ) -> None:
        self._httpx = _httpx()
        self._url, self._headers, self._bytes_max, self._make = url, headers, response_bytes_max, client
        self._client: httpx.AsyncClient | None = None
        self._users = 0
        super().__init__(self._ask, requests)

    async def __aenter__(self) -> Self:
        self._users += 1
        if self._client is None:
            self._client = self._make()
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._users -= 1
        if not self._users and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _ask(self, request: Request, *args: Any, **keywords: Any) -> Any:
        if self._client is None:
            raise ServiceInvalid(f"{request.method.full}: its service is not open; use it inside `async with`")
        values = request.method.bound(args, keywords)
        path, query, body = request.path_of(values), request.query_of(values), request.body_of(values)
        headers, httpx = await self._headers_of(request, values), self._httpx
        try:
            asked = self._client.build_request(
                request.verb, self._url + path, params=tuple(query) or None, content=body, headers=headers
            )
            response = await self._client.send(asked, stream=True, follow_redirects=False)
            try:
                return await self._read(request, response)
            finally:
                await response.aclose()
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as problem:
            raise Terminal(f"{request.method.full}: {request.line} cannot be asked: {problem}") from problem
        except httpx.DecodingError as problem:
            raise Terminal(
                f"{request.method.full}: {request.line} answered what cannot be read: {problem}"
            ) from problem
        except httpx.TransportError as problem:
            why = str(problem) or type(problem).__name__
            raise Retryable(f"{request.method.full}: {request.line} was not answered: {why}") from problem

    async def _headers_of(self, request: Request, values: Mapping[str, Any]) -> dict[str, str]:
        given: Any = self._headers() if callable(self._headers) else self._headers
        if isinstance(given, Awaitable):
            given = await given
        headers = {"Accept": "application/json", **given, **request.headers_of(values)}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        named = None if request.verb in ("GET", "HEAD") else key()
        if named is not None:
            headers["Idempotency-Key"] = named
        return headers

    async def _read(self, request: Request, response: httpx.Response) -> Any:
        good, found = is_answer(request, response.status_code), bytearray()
        most = self._bytes_max if good else PROBLEM_BYTES_MAX
        async for chunk in response.aiter_bytes():
            found += chunk
            if len(found) > most:
                break
        if not good:
            raise failure(request, response.status_code, response.headers, bytes(found), time.time())
        if len(found) > most:
            raise Terminal(f"{request.method.full}: {request.line} answered with more than {most:,} bytes")
        return answered(request, response.status_code, response.headers, bytes(found))


def _client() -> httpx.AsyncClient:
    library = _httpx()
    limits = library.Limits(max_connections=CONNECTIONS_MAX)
    made: httpx.AsyncClient = library.AsyncClient(timeout=CALL_SECONDS_MAX, limits=limits)
    return made


def _httpx() -> Any:
    try:
        import httpx
    except ImportError as missing:
        raise MissingExtra("http", "Services over HTTP are asked with httpx.") from missing
    return httpx
