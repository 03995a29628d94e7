"""Class keywords that nobody knows: what to say of them, and what may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

_BASES: Final = MappingProxyType({"parallel": "Parallel", "final": "Final", "history": "History", "choice": "Choice"})
"""What elsewhere is said by a keyword, and here by the class that is extended."""


def unknown_keywords(unknown: Iterable[str], known: Sequence[str], name: str = "") -> str:
    """What is wrong with them, and what to write; a `name` is that of a state.

    >>> unknown_keywords(["intial"], ["initial", "tags"])
    'intial= is no keyword of the class; did you mean initial=?'
    >>> unknown_keywords(["parallel"], ["initial", "tags"], "Working")
    'parallel= is no keyword of the class; write `class Working(Parallel)`'
    """
    return "; ".join(f"{word}= is no keyword of the class; {_advice(word, known, name)}" for word in unknown)


def _advice(word: str, known: Sequence[str], name: str) -> str:
    if name and word in _BASES:
        return f"write `class {name}({_BASES[word]})`"
    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]}=?" if near else f"there are {', '.join(f'{one}=' for one in known)}"
