"""A wire to PostgreSQL that tears at a commit: before the server has heard of it, or before its answer is back."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from typing import Literal
from urllib.parse import quote, unquote

from psycopg.conninfo import conninfo_to_dict

Tear = Literal["unheard", "unanswered"]
COMMIT, COMMITTED = b"COMMIT\0", b"COMMIT\0"
"""As it stands in the message of a client, and in the answer of the server."""


class Wire:
    """A port of this machine that leads to the socket of a server; once armed, one commit tears its connection."""

    def __init__(self, url: str, tear: Tear) -> None:
        said = conninfo_to_dict(url)
        self._socket = f"{unquote(str(said['host']))}/.s.PGSQL.{said.get('port', 5432)}"
        self._tear, self._number, self.commits, self.torn = tear, 0, 0, 0
        self._lock, self._listening = threading.Lock(), socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = f"postgresql+psycopg://{quote(str(said['user']))}@127.0.0.1:{port}/{said['dbname']}?sslmode=disable"
        threading.Thread(target=self._serve, daemon=True).start()

    def arm(self, number: int) -> None:
        """Let the commit of that number tear, counted from now on."""
        with self._lock:
            self._number, self.commits = number, 0

    def close(self) -> None:
        """Let nobody in any more."""
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, suppress(OSError):
            server.connect(self._socket)
            tearing = False
            while True:
                for side in select.select([client, server], [], [])[0]:
                    data = side.recv(1 << 20)
                    if not data:
                        return
                    if side is client and COMMIT in data and self._is_the_one():
                        if self._tear == "unheard":
                            server.sendall(data[: data.index(COMMIT)])
                            return
                        tearing = True
                    if side is server and tearing and COMMITTED in data:
                        return
                    (server if side is client else client).sendall(data)

    def _is_the_one(self) -> bool:
        with self._lock:
            self.commits += 1
            if self.commits != self._number:
                return False
            self.torn += 1
            return True
