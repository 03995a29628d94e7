"""The server of the user's, as this process asks it: messages to objects, deployments, invocations in trouble."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from fsm.engines.restate.packing import text_of
from fsm.engines.restate.url import RestateUrl
from fsm.errors import EngineUnreachable, MissingExtra

TROUBLED = (
    "SELECT id, status, target, retry_count, last_failure FROM sys_invocation"
    " WHERE (status = 'paused' OR (status = 'backing-off' AND retry_count > 5)) AND target LIKE '{name}.%' LIMIT 100"
)
MISMATCHED = (
    "SELECT id FROM sys_invocation WHERE status IN ('backing-off', 'paused') AND last_failure LIKE '%Journal mismatch%'"
    " AND target_service_name = '{name}.Instance' AND target_service_key = '{key}' LIMIT 1"
)
CONNECTIONS_MAX, KEPT_MAX, NOT_FOUND = 32, 32, 404


class Server:
    """A Restate server."""

    def __init__(self, url: RestateUrl) -> None:
        try:
            import httpx
        except ModuleNotFoundError as problem:
            raise MissingExtra("restate", f"A Restate server is asked with httpx ({problem}).") from problem
        self._url, self._httpx = url, httpx
        self._http: Any = None

    async def __aenter__(self) -> Self:
        limits = self._httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=KEPT_MAX)
        self._http = self._httpx.AsyncClient(timeout=self._httpx.Timeout(10.0, read=None, pool=None), limits=limits)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def take(self, instance: str, message: Mapping[str, Any], key: str | None = None) -> Any:
        """Send a message to an object and wait for what becomes of it. Raises EngineUnreachable."""
        answer = await self._asked("POST", self._place(instance), text_of(message), key)
        return json.loads(answer.content)

    async def send(self, instance: str, message: Mapping[str, Any], key: str | None = None) -> None:
        """Send a message to an object; when this returns, it is durable. Raises EngineUnreachable."""
        await self._asked("POST", f"{self._place(instance)}/send", text_of(message), key)

    def _place(self, instance: str) -> str:
        return f"{self._url.ingress}/{self._url.name}.Instance/{quote(instance, safe='')}/take"

    async def check_served(self) -> None:
        """Look whether anybody serves handlers to the server. Raises EngineUnreachable."""
        await self._asked("GET", f"{self._url.admin}/services/{self._url.name}.Instance")

    async def register(self) -> None:
        """Tell the server where this process serves handlers. Raises EngineUnreachable."""
        await self._asked("POST", f"{self._url.admin}/deployments", text_of({"uri": self._url.public, "force": True}))

    async def troubled(self) -> list[str]:
        """Invocations that are paused or fail again and again. Raises EngineUnreachable."""
        return [
            f"invocation {row['id']} of {row['target']} is {row['status']} after {row['retry_count']} attempts:"
            f" {row.get('last_failure') or 'no failure known'}"
            for row in await self._rows(TROUBLED.format(name=self._url.name))
        ]

    async def mismatched(self, instance: str) -> str:
        """The invocation behind which everything waits, for it was cut short and other code repeats it; empty where
        there is none, or nobody at the admin port to be asked."""
        try:
            found = await self._rows(MISMATCHED.format(name=self._url.name, key=instance.replace("'", "''")))
        except EngineUnreachable:
            return ""
        return str(found[0]["id"]) if found else ""

    async def _rows(self, query: str) -> list[dict[str, Any]]:
        place, text = f"{self._url.admin}/query", text_of({"query": query})
        found: list[dict[str, Any]] = (await self._asked("POST", place, text, accept="application/json")).json()["rows"]
        return found

    async def _asked(
        self, method: str, url: str, text: bytes = b"", key: str | None = None, accept: str = "*/*"
    ) -> Any:
        assert self._http is not None, "entered"
        headers = {"content-type": "application/json", "accept": accept} | (
            {"idempotency-key": quote(key, safe="")} if key else {}
        )
        try:
            answer = await self._http.request(method, url, content=text, headers=headers)
        except self._httpx.HTTPError as problem:
            why = str(problem) or type(problem).__name__
            place, fix = self._url.admin, "start it, or correct admin= in the URL of the engine"
            if not url.startswith(f"{place}/"):
                place, fix = self._url.ingress, "what was sent may have arrived: send it again with the same key"
            raise EngineUnreachable(f"the Restate server at {place} does not answer ({why}); {fix}") from problem
        if answer.status_code == NOT_FOUND:
            raise EngineUnreachable(
                f"nobody has served {self._url.name} to the Restate server at {self._url.ingress} yet: begin with"
                f" `fsm serve --engine`, or enter an engine whose URL says listen"
            )
        if answer.is_error:
            raise EngineUnreachable(
                f"the Restate server at {self._url.ingress} answered {answer.status_code} to {url}: {answer.text[:300]}"
            )
        return answer
