"""The servers that engines are tried on."""

from __future__ import annotations

from tests.engines.conftest import postgres_server, restate_server

__all__ = ["postgres_server", "restate_server"]
