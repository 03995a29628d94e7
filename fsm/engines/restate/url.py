"""The URL of a Restate engine, and what it may say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fsm.errors import StoreUrlInvalid

SCHEMES: Final = ("restate+http", "restate+https")
PORT_MAX: Final = 65_535

_POSSIBLE: Final = (
    "Write restate+http://HOST:8080?view=URL-OF-A-STORE, and if need be &admin=http://HOST:9070, &name=NAME for"
    " machines apart from others on the same server, &listen=HOST:PORT where the machines are run, &public=http://HOST:PORT"
    " where the server reaches that under another address."
)


@dataclass(frozen=True, slots=True)
class RestateUrl:
    """A URL taken apart."""

    ingress: str
    admin: str
    view: str
    name: str = "fsm"
    listen: str = ""
    """Where handlers are served; empty where this process only asks."""
    public: str = ""
    """Under which address the server reaches them."""


def parse(url: str) -> RestateUrl:
    """Take a URL apart; StoreUrlInvalid says what would be possible.

    >>> parse("restate+http://127.0.0.1:8080?view=sqlite:///view.db").admin
    'http://127.0.0.1:9070'
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # it is looked at when it is asked for
    except ValueError as problem:
        raise StoreUrlInvalid(f"{url!r} is no URL: {problem}. {_POSSIBLE}") from problem
    # a plus is one, as in postgresql+psycopg, and no space of a form
    given = dict(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True))
    unknown = given.keys() - {"admin", "view", "name", "listen", "public"}
    name, scheme = given.get("name", "fsm"), parts.scheme.removeprefix("restate+")
    if parts.scheme not in SCHEMES or not parts.hostname or parts.path.strip("/"):
        raise StoreUrlInvalid(f"{url!r} is not the URL of a Restate server. {_POSSIBLE}")
    if unknown:
        raise StoreUrlInvalid(f"{url!r}: there is no option {min(unknown)!r}. {_POSSIBLE}")
    if not given.get("view"):
        raise StoreUrlInvalid(f"{url!r} names no view: a store in which instances are found and looked at. {_POSSIBLE}")
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", name):
        raise StoreUrlInvalid(f"{url!r}: name is {name!r}; use letters, digits, - and _. {_POSSIBLE}")
    listen = given.get("listen", "")
    if listen and not (re.fullmatch(r"\S+:\d{1,5}", listen) and int(listen.rpartition(":")[2]) <= PORT_MAX):
        raise StoreUrlInvalid(f"{url!r}: listen is {listen!r}; write HOST:PORT. {_POSSIBLE}")
    for option in ("admin", "public"):
        if given.get(option) and not re.match(r"https?://[^/]", given[option]):
            raise StoreUrlInvalid(f"{url!r}: {option} is {given[option]!r}; write http://HOST:PORT. {_POSSIBLE}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    admin = given.get("admin") or f"{scheme}://{host}:9070"
    public = given.get("public") or (f"http://{listen}" if listen else "")
    return RestateUrl(f"{scheme}://{parts.netloc}", admin.rstrip("/"), given["view"], name, listen, public)
