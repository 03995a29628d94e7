"""The SQL bodies of the store, loaded when a database is opened: until then nobody waits for tables and statements.

bodies.claims.heartbeat(link, worker, lease_seconds)
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persistence import claims, queries, retention, schedules, turns

__all__ = ["claims", "queries", "retention", "schedules", "turns"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"persistence.{name}")
    raise AttributeError(f"module 'persistence.bodies' has no attribute {name!r}. It has {', '.join(__all__)}.")
