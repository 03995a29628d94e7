"""Access: who asks, and what they may do.

    a token in `Authorization: Bearer`, for programs      no cookie, so nothing can be forged with it
    a token that was exchanged for a cookie, for people   signed, HttpOnly, SameSite=Strict
    a header of a reverse proxy that has checked them     believed from the proxy's address alone
    nothing at all                                        only while the page listens to this machine alone

Every change by a cookie, by the proxy's header or by nothing carries the token that the page was given for it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from visualize.dashboard.api import Role

COOKIE = "fsm_session"
SESSION_SECONDS = 12 * 3600
"""Signing in holds for a day's work."""

TOKEN_CHARS_MIN = 20
"""A token that could be guessed is none."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may come in."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Proxy:
    """A reverse proxy that names people in a header; those who are not among the operators may only look."""

    header: str
    operators: frozenset[str]
    addresses: frozenset[str] = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may come in; without tokens and without a proxy only whoever sits at this machine."""

    tokens: Mapping[str, Person] = field(default_factory=dict)
    proxy: Proxy | None = None
    local: Person | None = None

    def __post_init__(self) -> None:
        assert self.tokens or self.proxy or self.local, "nobody could come in"
        assert all(len(token) >= TOKEN_CHARS_MIN for token in self.tokens), "a token is too short"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, and how we know."""

    person: Person
    means: str
    """token, cookie, proxy or local."""

    @property
    def forgeable(self) -> bool:
        """Whether a browser says who it is by itself, so that another site could make it ask."""
        return self.means != "token"


class Access:
    """Tells who asks; its signatures hold as long as the process."""

    def __init__(self, rules: Rules, clock: Callable[[], float] = time.time) -> None:
        """Signs with a key that nobody else has."""
        self.rules, self._clock = rules, clock
        self._key = secrets.token_bytes(32)

    def visitor(self, headers: Mapping[str, str], cookies: Mapping[str, str], address: str) -> Visitor | None:
        """Who asks; None for somebody unknown."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if token:
            person = self.person_of(token.strip()) if scheme.lower() == "bearer" else None
            return Visitor(person, "token") if person else None
        if person := self._signed_in(cookies.get(COOKIE, "")):
            return Visitor(person, "cookie")
        proxy = self.rules.proxy
        if proxy is not None and address in proxy.addresses and (name := headers.get(proxy.header.lower(), "").strip()):
            return Visitor(Person(name, "operate" if name in proxy.operators else "view"), "proxy")
        return Visitor(self.rules.local, "local") if self.rules.local else None

    def person_of(self, token: str) -> Person | None:
        """The owner of a token, compared in constant time."""
        given = hashlib.sha256(token.encode(errors="replace")).digest()
        found = None
        for known, person in self.rules.tokens.items():
            if hmac.compare_digest(hashlib.sha256(known.encode()).digest(), given):
                found = person
        return found

    def cookie(self, person: Person) -> str:
        """A signed cookie for somebody whose token was checked."""
        until = int(self._clock()) + SESSION_SECONDS
        value = f"{until}.{person.role}.{person.name.encode().hex()}"
        return f"{value}.{self._sign('cookie', value)}"

    def csrf(self, visitor: Visitor) -> str:
        """The token that proves that a change was asked for by our page."""
        return self._sign("csrf", f"{visitor.means} {visitor.person.role} {visitor.person.name}")

    def genuine(self, visitor: Visitor, csrf: str) -> bool:
        """Whether a change was asked for by our page, or by a program with a token."""
        return not visitor.forgeable or hmac.compare_digest(self.csrf(visitor).encode(), csrf.encode())

    def _signed_in(self, cookie: str) -> Person | None:
        value, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(self._sign("cookie", value).encode(), signature.encode(errors="replace")):
            return None
        until, role, name = value.split(".")
        person = Person(bytes.fromhex(name).decode(), "operate" if role == "operate" else "view")
        return person if int(until) > self._clock() and person in self.rules.tokens.values() else None

    def _sign(self, purpose: str, value: str) -> str:
        return hmac.new(self._key, f"{purpose}:{value}".encode(errors="replace"), hashlib.sha256).hexdigest()
