"""The past of an instance: what a journal row keeps of a text, so that it can be read again as of any turn.

    =text                     the whole text, every so many turns and where the difference would be longer
    ~1f0c99a2[3,"6"]          the checksum of the text before, then: field 3 of it, counted by commas, is another one
    ~1f0c99a2[[12,1,"6"]]     the same, then: keep 12 characters, drop 1, put "6"; the rest is kept

The difference is one of texts, not of JSON values: it is exact whatever they say, null included, and where nothing
changed it costs a comparison. Commas only say where to look.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import compress, count
from operator import ne
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
"""Nor are those with more fields: comparing them would cost more than storing them."""

_FIELDS_BYTES_MAX: Final = 16_384
"""Larger texts are not cut into fields: where they differ is found by halves."""

Splice = tuple[int, int, str]
"""Characters kept, characters dropped, what is put in their place."""


def written(before: bytes | None, now: bytes, same: bytes = b"") -> str:
    """What a row keeps of a text in UTF-8, given that of the row before; `same` stands behind both.

    >>> written(b'["Ada","has","paid",5,"euros"]', b'["Ada","has","paid",6,"euros"]')
    '~d8755000[3,"6"]'
    """
    if before is not None:
        field = same[: same.find(b",")] if b"," in same else same
        difference = f"{DIFFERENCE}{crc32(same, crc32(before)):08x}{_difference(before + field, now + field)}"
        if len(difference) <= len(now) + len(same):
            return difference
    return WHOLE + now.decode() + same.decode()


def read(before: bytes | None, kept: str) -> bytes:
    """The text of a row, given that of the row before. Raises ValueError where they do not belong together."""
    if kept.startswith(WHOLE):
        return kept[1:].encode()
    if not kept.startswith(DIFFERENCE) or before is None or kept[1:9] != f"{crc32(before):08x}":
        raise ValueError("the row before is missing or another one")
    difference = json.loads(kept[9:])
    if difference and isinstance(difference[0], list):
        return _spliced(before.decode(), difference).encode()
    fields = before.split(b",")
    for place, field in zip(difference[::2], difference[1::2], strict=True):
        fields[place] = field.encode()
    return b",".join(fields)


def texts(rows: Sequence[str]) -> list[bytes | None]:
    """The texts of consecutive rows, None where one cannot be read; the first is read where it is whole."""
    found: list[bytes | None] = []
    before: bytes | None = None
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
    return rows[-1] if last is None else WHOLE + last.decode()


def _difference(before: bytes, now: bytes) -> str:
    if before == now:
        return "[]"
    if len(before) <= _FIELDS_BYTES_MAX:
        old, new = before.split(b","), now.split(b",")
        if len(old) == len(new):
            changed = [part for n in compress(count(), map(ne, old, new)) for part in (n, new[n].decode())]
            return to_json(changed).decode()
        return to_json(_spliced_fields(old, new)).decode()
    return to_json(_splices(before.decode(), now.decode())).decode()


def _spliced_fields(old: Sequence[bytes], new: Sequence[bytes]) -> list[Splice]:
    """Splices between texts that do not have as many fields; those at both ends that they share are passed over."""
    fewer = min(len(old), len(new))
    start = next(compress(count(), map(ne, old, new)), fewer)
    end = next(compress(count(), map(ne, reversed(old), reversed(new))), fewer)
    start = min(start, fewer - 1)
    end = min(end, fewer - 1 - start)  # a field is left on both sides: the commas around it stay where they are
    kept = len(b",".join(old[:start]).decode()) + (start > 0)
    a, b = (b",".join(fields[start : len(fields) - end]).decode() for fields in (old, new))
    (keep, drop, put), *others = _splices(a, b)
    return [(kept + keep, drop, put), *others]


def _spliced(before: str, splices: Sequence[Splice]) -> str:
    found, at = [], 0
    for keep, drop, put in splices:
        found += [before[at : at + keep], put]
        at += keep + drop
    return "".join([*found, before[at:]])


def _splices(old: str, new: str) -> list[Splice]:
    start = _common(old, new)
    end = _common_end(old, new, min(len(old), len(new)) - start)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if min(len(a), len(b)) < _SHORT:
        return [(start, len(a), b)]
    (keep, drop, put), *others = _aligned(a.split(","), b.split(","))
    return [(start + keep, drop, put), *others]


def _common(a: str, b: str) -> int:
    """How many characters two texts have in common at their beginning, found by halves."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(a: str, b: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


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
