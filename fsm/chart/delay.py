"""A delay: a `timedelta` or text such as "15m", kept as milliseconds."""

from __future__ import annotations

import re
from datetime import timedelta

from fsm.chart.declared import shown

Delay = timedelta | str

_UNITS = {"ms": 1.0, "s": 1_000.0, "m": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0, "w": 604_800_000.0}
_LONGEST_MS = 1_000 * 365 * 86_400_000
"""A thousand years: a later time is a mistake, and no clock can show it."""
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*")


def delay_ms(delay: Delay) -> int:
    """Milliseconds of a delay; several parts may follow one another.

    >>> delay_ms("1h30m"), delay_ms("50ms"), delay_ms(timedelta(seconds=2))
    (5400000, 50, 2000)

    Raises ValueError for other text, for a negative or an endless delay.
    """
    if isinstance(delay, timedelta):
        if delay < timedelta(0):
            raise ValueError(f"a delay cannot be negative: {delay}")
        return _bounded(delay.total_seconds() * 1000, str(delay))
    if not isinstance(delay, str):
        raise ValueError(f"{shown(delay)} is not a delay; write a timedelta or text such as '15m'")
    at, total = 0, 0.0
    while at < len(delay):
        part = _PART.match(delay, at)
        if part is None:
            break
        total += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    if at < len(delay) or not delay.strip():
        raise ValueError(f"{shown(delay)} is not a delay; write a number and a unit (ms, s, m, h, d, w) such as '15m'")
    return _bounded(total, shown(delay))


def _bounded(milliseconds: float, text: str) -> int:
    if not milliseconds <= _LONGEST_MS:
        raise ValueError(f"{text} is longer than 1,000 years; write a shorter delay")
    return round(milliseconds)


def delay_text(milliseconds: int) -> str:
    """The shortest text of a delay.

    >>> delay_text(5400000), delay_text(50), delay_text(0)
    ('1h30m', '50ms', '0s')
    """
    parts = []
    for unit in ("w", "d", "h", "m", "s", "ms"):
        size = int(_UNITS[unit])
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def delay_words(milliseconds: int) -> str:
    """The text of a delay in a picture: in weeks only where nothing is left over.

    >>> delay_words(30 * 86_400_000), delay_words(14 * 86_400_000), delay_words(90_000)
    ('30d', '2w', '1m30s')
    """
    days, rest = divmod(milliseconds, int(_UNITS["d"]))
    if days < 7 or (days % 7 == 0 and not rest):
        return delay_text(milliseconds)
    return f"{days}d{delay_text(rest) if rest else ''}"
