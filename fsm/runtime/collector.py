"""The garbage collector has patience while turns are taken.

What calls it up is how much is made and still there, not how much is thrown away: while a hundred turns wait for their
commit it would look through all of them again and again, and find nothing, for a seventh of the time that they take.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG_MIN: Final = 50_000
"""So many objects are made before the youngest are looked through; what five hundred turns in flight are made of is
hardly more. Rubbish that refers to itself, of which a turn leaves none, may wait for as long, some megabytes of it."""


@contextmanager
def patient_collector() -> Iterator[None]:
    """Let it wait for YOUNG_MIN new objects; where somebody has told it to wait longer, or not to work, that stands."""
    young, *older = gc.get_threshold()
    impatient = 0 < young < YOUNG_MIN
    if impatient:
        gc.set_threshold(YOUNG_MIN, *older)
    try:
        yield
    finally:
        if impatient and gc.get_threshold()[0] == YOUNG_MIN:
            gc.set_threshold(young, *older)
