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
from itertools import accumulate, compress, count
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
"""Nor are those with more fields, if their number changed: to compare them would cost more than to store them."""

_FIELDS_BYTES_MAX: Final = 16_384
"""Of larger texts only what lies between the first and the last difference, found by halves, is cut into fields."""

_CHANGES_MAX: Final = 16
"""So many changes are looked for one after the other, before all fields are compared."""

_ALIKE: Final = 12
"""Texts that have so many characters in common after a change go on together."""

_FAR: Final = 16_384
"""How far is looked for where they do."""

_NEAR: Final = 512
"""The rest is written anew when it is no longer."""

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
    found = _followed(a, b) if len(a) > _FIELDS_BYTES_MAX else []
    if not found:
        fields, now = a.split(","), b.split(",")
        found = _in_place(fields, now) or list(_aligned(fields, now))
    (keep, drop, put), *others = found
    return [(start + keep, drop, put), *others]


def _common(a: str, b: str, i: int = 0, j: int = 0) -> int:
    """How many characters two texts have in common from there on, found by halves."""
    low, high = 0, min(len(a) - i, len(b) - j)
    while low < high:
        middle = (low + high + 1) // 2
        if a[i + low : i + middle] == b[j + low : j + middle]:
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


def _followed(old: str, new: str) -> list[Splice]:
    """Splices for a few changes in texts that end differently: both are followed to the next difference, and from there
    to where they meet again; none where they do not."""
    found: list[Splice] = []
    i = j = 0
    while len(found) < _CHANGES_MAX:
        same = _common(old, new, i, j)
        begun = same - max(
            old.rfind(",", i, i + same) + 1 - i, 0
        )  # of the field in which they differ, so much is alike
        a, b = i + same - begun, j + same - begun
        i, j = _meeting(old, new, a, b, begun)
        if i < 0:
            return []
        alike = begun if min(i - a, j - b) >= begun else 0
        found.append((same - begun + alike, i - a - alike, new[b + alike : j]))
        if i == len(old) and j == len(new):
            return found
    return []


def _meeting(old: str, new: str, i: int, j: int, begun: int) -> tuple[int, int]:
    """Where texts go on alike that differ in the fields that begin there: whichever place is followed by most that is
    alike, or their ends when these are near; -1 where none is seen."""
    left = len(old) - i, len(new) - j
    if max(left) <= _NEAR or min(left) < begun + _ALIKE:
        return len(old), len(new)
    behind_old, behind_new = i + begun, j + begun
    x, y = old.find(",", behind_old), new.find(",", behind_new)
    places = [  # behind what was changed, put in, taken out
        (old.find(new[y : y + _ALIKE], behind_old, i + _FAR), y),
        (x, new.find(old[x : x + _ALIKE], behind_new, j + _FAR)),
        (i, new.find(old[i : behind_old + _ALIKE], j + 1, j + _FAR)),
        (old.find(new[j : behind_new + _ALIKE], i + 1, i + _FAR), j),
        (behind_old, new.find(old[behind_old : behind_old + _ALIKE], behind_new, j + _FAR)),
        (old.find(new[behind_new : behind_new + _ALIKE], behind_old, i + _FAR), behind_new),
    ]
    seen = [(_common(old, new, *place), place) for place in places if min(place) >= 0]
    alike, place = max(seen, default=(0, (-1, -1)))
    return place if alike >= _ALIKE else (-1, -1)


def _in_place(old: Sequence[str], new: Sequence[str]) -> list[Splice]:
    """Splices for the fields that changed, where there are as many as before and most of them stayed; else none."""
    changed = list(compress(count(), map(ne, old, new))) if len(old) == len(new) else []
    if len(changed) * 2 > len(old):
        return []
    ends = list(accumulate(map(len, old)))
    found, at = [], 0
    for place in changed:
        begin = ends[place] - len(old[place]) + place  # with as many commas before it
        found.append((begin - at, len(old[place]), new[place]))
        at = begin + len(old[place])
    return found


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
