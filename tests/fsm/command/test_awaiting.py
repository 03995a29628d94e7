"""A command's coroutine is run to its end."""

from __future__ import annotations

import anyio
import pytest

from fsm.command.awaiting import awaited


def test_what_a_coroutine_gives_or_raises_is_handed_on() -> None:
    async def five() -> int:
        await anyio.lowlevel.checkpoint()
        return 5

    async def trouble() -> None:
        raise ValueError("no")

    assert awaited(five()) == 5
    with pytest.raises(ValueError, match="no"):
        awaited(trouble())
