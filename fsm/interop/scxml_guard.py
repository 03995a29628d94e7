"""Conditions that need no evaluator: `In(…)`, `true` and `false`, combined with not, and, or."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from fsm.chart.guard import Guard, InState, Predicate

_TOKEN = re.compile(r"""\s*(?:In\(\s*(?:'([^']+)'|"([^"]+)"|([^\s'"()]+))\s*\)|(&&|\|\||!|[()])|(\w+))""")
_OPERATORS = MappingProxyType({"&&": "and", "||": "or", "!": "not"})


def plain_guard(text: str) -> Guard | None:
    """The guard that a condition says; None when it says more than states.

    >>> plain_guard("In('a') && !In('b')").label
    'in a and not in b'
    >>> plain_guard("x > 1") is None
    True
    """
    tokens = _tokens(text)
    if tokens is None:
        return None
    try:
        guard = _either(tokens)
    except (IndexError, ValueError):
        return None
    return None if tokens else guard


def constant(answer: bool) -> Guard:
    """A guard that always answers the same."""

    def same(machine: Any, event: Any) -> bool:
        return answer

    made = Predicate(same)
    made.label = str(answer).lower()
    return made


def _tokens(text: str) -> list[str | InState] | None:
    found: list[str | InState] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return None
        state = token[1] or token[2] or token[3]
        word = token[4] or token[5]
        found.append(InState(state) if state else _OPERATORS.get(word, word))
        at = token.end()
    return found


def _either(tokens: list[str | InState]) -> Guard:
    guard = _both(tokens)
    while tokens and tokens[0] == "or":
        del tokens[0]
        guard = guard | _both(tokens)
    return guard


def _both(tokens: list[str | InState]) -> Guard:
    guard = _single(tokens)
    while tokens and tokens[0] == "and":
        del tokens[0]
        guard = guard & _single(tokens)
    return guard


def _single(tokens: list[str | InState]) -> Guard:
    token = tokens.pop(0)
    if isinstance(token, InState):
        return token
    match token:
        case "not":
            return ~_single(tokens)
        case "(":
            guard = _either(tokens)
            if tokens.pop(0) != ")":
                raise ValueError(token)
            return guard
        case "true" | "false":
            return constant(token == "true")
        case _:
            raise ValueError(token)
