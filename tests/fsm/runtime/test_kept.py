"""A keeper is what its parts take it for."""

from __future__ import annotations

import inspect

from fsm.runtime.keeper import Keeper
from fsm.runtime.kept import Kept


def test_a_keeper_has_everything_that_its_parts_see() -> None:
    methods = {n for n in vars(Kept) if not n.startswith("_") and (callable(vars(Kept)[n]) or n == "status")}
    assert methods
    assert methods <= set(dir(Keeper))
    text = inspect.getsource(Keeper)
    assert all(f"self.{name}" in text for name in Kept.__annotations__)
