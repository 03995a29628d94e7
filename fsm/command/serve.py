"""`fsm serve`: a worker, the live page, or both in one process, until a signal."""

from __future__ import annotations

import getpass
import ipaddress
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fsm.command import worker
from fsm.command.failure import Failure, Misuse
from fsm.command.reading import reading
from fsm.command.target import MachineClass
from fsm.interop.document import read_document
from fsm.interop.document_registry import Anything
from fsm.machine import StateMachine
from fsm.ports.store import Store
from persistence import open_store
from visualize.dashboard.access import TOKEN_CHARS_MIN, Access, Person, Proxy, Rules
from visualize.dashboard.catalog import Catalog
from visualize.dashboard.looking import Looking
from visualize.dashboard.server import application, served


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be served and to whom: the options of the command."""

    what: worker.Wish
    work: bool = True
    host: str = "127.0.0.1"
    port: int = 8427
    token_file: Path | None = None
    identity_header: str | None = None
    operators: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    def rules(self) -> Rules:
        """Who may come in. Raises Misuse when the page would be open to strangers."""
        tokens = tokens_of(self.token_file) if self.token_file is not None else {}
        named = frozenset(self.proxies) or frozenset({"127.0.0.1", "::1"})
        proxy = Proxy(self.identity_header, frozenset(self.operators), named) if self.identity_header else None
        if tokens or proxy is not None:
            return Rules(tokens, proxy)
        if not is_loopback(self.host):
            raise Misuse(
                f"{self.host} can be reached from other machines, and nobody would be asked who they are",
                where="--host",
                fix="add --token-file FILE, or --identity-header NAME behind a reverse proxy; or leave --host away",
            )
        return Rules(local=Person(getpass.getuser(), "operate"))


async def serve(wish: Wish) -> None:
    """Serve the page, and run the machines that are named unless only the page is wanted."""
    machines = wish.what.machines()
    rules = wish.rules()
    with bound(wish.host, wish.port) as listening:
        async with worker.stopping() as stop, opened(wish, machines) as store:
            catalog = Catalog(machines, lambda document: read_document(document, Anything(), StateMachine))
            app = application(Looking(store, catalog), Access(rules))
            host, port = listening.getsockname()[:2]
            names = ", ".join(m.__chart__.name for m in machines) if wish.work else ""
            print(f"{f'running {names}; ' if names else ''}the page is at {address(host, port)}", flush=True)
            await served(app, listening, stop)
    print("stopped", flush=True)


@asynccontextmanager
async def opened(wish: Wish, machines: list[MachineClass]) -> AsyncIterator[Store]:
    """The store: with a worker on it where machines are to be run, else for looking and for the inbox."""
    if not (machines and wish.work):
        async with reading(wish.what.url) as store:
            yield store
        return
    store = open_store(wish.what.url)
    async with worker.running(store, machines, wish.what):
        yield store


def tokens_of(file: Path) -> dict[str, Person]:
    """The tokens of a file: a line for each, `NAME view|operate TOKEN`. Raises Misuse."""
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise Misuse(f"{file} can be read by others", where="--token-file", fix=f"chmod 600 {file}")
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise Misuse(f"{file} cannot be read: {problem}", where="--token-file", fix="name a text file") from problem
    found: dict[str, Person] = {}
    for number, line in enumerate(lines, 1):
        match line.split():
            case []:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case [name, "view" | "operate" as role, token] if len(token) >= TOKEN_CHARS_MIN and token not in found:
                found[token] = Person(name, role)
            case _:
                raise Misuse(
                    f"line {number} of {file} does not say who may come in",
                    where="--token-file",
                    fix=f"write NAME view|operate TOKEN, each token of its own, {TOKEN_CHARS_MIN} characters at least",
                )
    if not found:
        raise Misuse(f"{file} has no token", where="--token-file", fix="write a line: anna operate TOKEN")
    return found


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises Failure when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as problem:
        raise Failure(
            f"{host} port {port} cannot be used: {problem.strerror or problem}",
            where="--host, --port",
            fix="choose another port with --port, or 0 for any that is free",
        ) from problem


def is_loopback(host: str) -> bool:
    """Whether an address belongs to this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address(host: str, port: int) -> str:
    """The address of the page, as a browser takes it.

    >>> address("::1", 80)
    'http://[::1]:80/'
    """
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
