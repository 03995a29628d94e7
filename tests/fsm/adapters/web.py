"""A web service on the loopback that does what a test says: answers, fails, hangs, hangs up, tells too much."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request."""

    line: str
    headers: Message
    body: Any


@dataclass
class Told:
    """One response; `declared` is the length it claims to have."""

    status: int = 200
    body: bytes | Any = None
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None


@dataclass
class Web:
    """The service: what it was asked, and what it tells."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    tells: Callable[[Asked], Told | None] = lambda asked: Told(body={"line": asked.line})
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving_web() -> Iterator[Web]:
    """Serve on a port of its own as long as the block runs."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(f"{self.command} {self.path}", self.headers, json.loads(text) if text else None)
            web.asked.append(asked)
            told = web.tells(asked)
            if told is None:
                self.close_connection = True
                return
            body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response(told.status)
            kind = "text/plain" if isinstance(told.body, bytes) else "application/json"
            for name, value in {"Content-Type": kind, **told.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if told.declared is None else told.declared))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = told.declared is not None

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                pass  # whoever asked has gone

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    web = Web(f"http://127.0.0.1:{server.server_port}/v2")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield web
    finally:
        web.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
