"""A store's URL, and what it may say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

from fsm.errors import StoreUrlInvalid

_POSSIBLE: Final = (
    "Possible are sqlite:///relative/path.db, sqlite:////absolute/path.db (with ?synchronous=FULL or NORMAL and"
    " ?thread=0 or 1), postgresql+psycopg://user:password@host/database and memory://."
)


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """A URL taken apart; `path` is None where no file is named, `server` is what psycopg is told."""

    path: str | None
    synchronous: str = "FULL"
    thread: bool | None = None
    server: str | None = None


def parse(url: str) -> StoreUrl:
    """Take a URL apart; StoreUrlInvalid says what would be possible."""
    scheme, found, rest = url.partition("://")
    if not found:
        raise StoreUrlInvalid(f"{url!r} is not the URL of a store: it has no scheme. {_POSSIBLE}")
    place, _, query = rest.partition("?")
    match scheme:
        case "memory":
            if place or query:
                raise StoreUrlInvalid(f"{url!r}: the store in memory has neither a name nor options. Use memory://.")
            return StoreUrl(None)
        case "sqlite":
            return _sqlite(url, place, query)
        case "postgresql+psycopg" | "postgresql" | "postgres":
            return StoreUrl(None, server=f"postgresql://{rest}")
        case _ if scheme.startswith("postgres"):
            raise StoreUrlInvalid(f"{scheme}://…: PostgreSQL is spoken with psycopg. {_POSSIBLE}")
        case _ if scheme.endswith(("+http", "+https")):
            raise StoreUrlInvalid(
                f"{scheme}://… is an engine, not a store. What it runs is shown by the store behind view= in its URL;"
                f" `fsm serve --engine` serves machines to it, open_engine(url) sends events to them."
            )
        case _:
            raise StoreUrlInvalid(f"{url!r}: no store speaks {scheme!r}. {_POSSIBLE}")


def _sqlite(url: str, place: str, query: str) -> StoreUrl:
    path = unquote(place.removeprefix("/"))
    if path in ("", ":memory:"):
        raise StoreUrlInvalid(f"{url!r} names no file. Use memory:// for a store in memory, or name one. {_POSSIBLE}")
    if not place.startswith("/"):
        raise StoreUrlInvalid(f"{url!r} names a host, and SQLite has none. Did you mean sqlite:///{place}? {_POSSIBLE}")
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in ("synchronous", "thread"):
            raise StoreUrlInvalid(f"{url!r}: there is no option {name!r}. {_POSSIBLE}")
        if name in options:
            raise StoreUrlInvalid(f"{url!r}: the option {name!r} is given twice. Leave one of them out.")
        options[name] = value
    if query and not options:
        raise StoreUrlInvalid(f"{url!r}: {query!r} is not an option. {_POSSIBLE}")
    synchronous, thread = options.get("synchronous", "FULL").upper(), options.get("thread", "")
    if synchronous not in ("FULL", "NORMAL"):
        raise StoreUrlInvalid(
            f"{url!r}: synchronous is {synchronous!r}. Use FULL (survives a power cut) or NORMAL (survives kill -9,"
            " a power cut may take the last commits)."
        )
    if "thread" in options and thread not in ("0", "1"):
        raise StoreUrlInvalid(
            f"{url!r}: thread is {thread!r}. Use 1 (always in a thread) or 0 (never unless locked), or leave it out"
            " to let the store measure."
        )
    return StoreUrl(path, synchronous, {"": None, "0": False, "1": True}[thread])
