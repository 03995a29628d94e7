"""The past of an instance: what a journal row keeps of a text, so that it can be read again as of any turn.

    =text                  the whole text, every so many turns and where the difference would be longer
    ~1f0c99a2[12,1,"6"]    the checksum of the text before, then: keep 12 characters, drop 1, put "6"; the rest is kept

The difference is one of characters, not of JSON values: it is exact whatever the text says, null included, and where
nothing changed it costs a comparison.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

from pydantic_core import to_json

WHOLE: Final = "="
"""How a row begins that keeps the whole text."""

DIFFERENCE: Final = "~"
"""How a row begins that keeps what changed since the row before."""

_SHORT: Final = 48
"""Changed parts of so many characters are not looked into."""

_TOKENS_MAX: Final = 2_000
"""Nor are those with more tokens: comparing them would cost more than storing them."""

_FIELDS_MAX: Final = 32
"""Changes that are looked for field for field."""

_LIKE: Final = 16
"""Characters behind a field by which it is known that the next ones correspond."""

Splice = tuple[int, int, str]
"""Characters kept, characters dropped, what is put in their place."""


def written(before: str | None, now: str) -> str:
    """What a row keeps of a text, given that of the row before.

    >>> written('{"name":"Ada","n":5,"total":70}', '{"name":"Ada","n":6,"total":70}')
    '~c3aa2762[18,2,"6,"]'
    """
    if before is not None:
        flat = [] if before == now else [part for splice in _splices(before, now) for part in splice]
        difference = f"{DIFFERENCE}{_sum(before)}{to_json(flat).decode()}"
        if len(difference) <= len(now):
            return difference
    return WHOLE + now


def read(before: str | None, kept: str) -> str:
    """The text of a row, given that of the row before. Raises ValueError where they do not belong together."""
    if kept.startswith(WHOLE):
        return kept[1:]
    if not kept.startswith(DIFFERENCE) or before is None or kept[1:9] != _sum(before):
        raise ValueError("the row before is missing or another one")
    found, at, flat = [], 0, json.loads(kept[9:])
    for keep, drop, put in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        found += [before[at : at + keep], put]
        at += keep + drop
    return "".join([*found, before[at:]])


def texts(rows: Sequence[str]) -> list[str | None]:
    """The texts of consecutive rows, None where one cannot be read; the first is read where it is whole."""
    found: list[str | None] = []
    before: str | None = None
    for kept in rows:
        try:
            before = read(before, kept)
        except ValueError:
            before = None
        found.append(before)
    return found


def folded(rows: Sequence[str]) -> str:
    """The last of consecutive rows, made whole: what is before it may go. It stays as it is where it is not known."""
    last = texts(rows)[-1]
    return rows[-1] if last is None else WHOLE + last


def _sum(text: str) -> str:
    return f"{crc32(text.encode()):08x}"


def _splices(old: str, new: str) -> list[Splice]:
    """Field for field as long as they correspond, which is nearly always; what is left is aligned."""
    found: list[Splice] = []
    i = j = kept = 0
    while True:
        same = _common(old, i, new, j)
        i, j, kept = i + same, j + same, kept + same
        if i == len(old) and j == len(new):
            return found
        after_i, after_j = old.find(",", i) + 1 or len(old), new.find(",", j) + 1 or len(new)
        if len(found) == _FIELDS_MAX or old[after_i : after_i + _LIKE] != new[after_j : after_j + _LIKE]:
            return [*found, *_rest(old[i:], new[j:], kept)]
        found.append((kept, after_i - i, new[j:after_j]))
        i, j, kept = after_i, after_j, 0


def _common(a: str, i: int, b: str, j: int) -> int:
    """How many characters two texts have in common from there: by halves, of a part that grows."""
    most = min(len(a) - i, len(b) - j)
    low, step = 0, 32
    while low + step <= most and a[i + low : i + low + step] == b[j + low : j + low + step]:
        low, step = low + step, step * 2
    high = min(low + step, most)
    while low < high:
        middle = (low + high + 1) // 2
        if a[i + low : i + middle] == b[j + low : j + middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _rest(old: str, new: str, kept: int) -> list[Splice]:
    """What is left of two texts that begin differently."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    a, b = old[: len(old) - low], new[: len(new) - low]
    if min(len(a), len(b)) < _SHORT:
        return [(kept, len(a), b)]
    first, *others = _aligned(a.split(","), b.split(","))
    return [(kept + first[0], *first[1:]), *others]


def _aligned(old: list[str], new: list[str]) -> Iterator[Splice]:
    """Splices between the tokens that both have, found in one pass; a token ends with its comma."""
    places: dict[str, list[int]] = {}
    if len(old) + len(new) <= _TOKENS_MAX:
        for place in range(len(old) - 1, -1, -1):
            places.setdefault(old[place], []).append(place)
    i = kept = dropped = 0
    put: list[str] = []
    last_old, last_new = len(old) - 1, len(new) - 1
    for j, token in enumerate(new):
        found = places.get(token)
        while found and found[-1] < i:
            found.pop()
        # The last tokens have no comma: they fit each other only.
        if not found or (found[-1] == last_old) != (j == last_new):
            put.append(token if j == last_new else f"{token},")
            continue
        place = found.pop()
        dropped += sum(map(len, old[i:place])) + place - i
        if dropped or put:
            yield kept, dropped, "".join(put)
            kept, dropped, put = 0, 0, []
        kept += len(token) + (place != last_old)
        i = place + 1
    dropped += sum(map(len, old[i:])) + max(0, last_old - i)
    if dropped or put:
        yield kept, dropped, "".join(put)
