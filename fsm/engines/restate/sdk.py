"""The SDK of Restate, loaded when an engine is made: who runs on a store alone needs none of it."""

from __future__ import annotations

from typing import Any

from fsm.errors import MissingExtra


class Sdk:
    """What is used of Restate's SDK. Raises MissingExtra."""

    def __init__(self) -> None:
        try:
            import restate
            from restate.exceptions import SdkInternalBaseException, TerminalError
            from restate.serde import BytesSerde
            from restate.server_context import DisconnectedException
        except ModuleNotFoundError as problem:
            raise MissingExtra("restate", f"The engine on Restate needs its SDK ({problem}).") from problem
        self.restate: Any = restate
        self.bytes: Any = BytesSerde()
        self.terminal = TerminalError
        self.heard = (TerminalError, SdkInternalBaseException, DisconnectedException)
        """What the SDK wants to hear of."""
