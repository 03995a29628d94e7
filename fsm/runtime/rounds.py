"""Rounds: a worker audits what it runs itself, some instances at a time, as long as it lives."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Set
from heapq import nsmallest
from typing import Any

import anyio

from fsm.chart.machine import Machine
from fsm.errors import StoreError
from fsm.limits import AUDIT_AT_ONCE
from fsm.ports.store import Store
from fsm.runtime.auditing import Finding, examined

logger = logging.getLogger("fsm.runtime")


class Rounds:
    """What is wrong with the instances of one worker; each finding is logged once, and forgotten when it is mended."""

    def __init__(
        self, store: Store, machines: Mapping[str, type[Machine[Any, Any, Any]]], mine: Set[str], seconds: float
    ) -> None:
        self._store, self._machines, self._mine, self._seconds = store, machines, mine, seconds
        self._after = ""
        self._found: dict[str, list[Finding]] = {}

    @property
    def findings(self) -> list[Finding]:
        """What is wrong, as far as it was looked at."""
        return [finding for _, findings in sorted(self._found.items()) for finding in findings]

    async def serve(self) -> None:
        """Go round and round."""
        while True:
            await anyio.sleep(self._seconds)
            try:
                await self.look()
            except StoreError as problem:
                logger.warning("cannot audit: %s", problem)

    async def look(self) -> None:
        """Look at the next instances, in the order of their ids."""
        ids = nsmallest(AUDIT_AT_ONCE, (id for id in self._mine if id > self._after))
        self._after = ids[-1] if len(ids) == AUDIT_AT_ONCE else ""
        found: dict[str, list[Finding]] = {}
        for finding in await examined(self._store, ids, self._machines, await self._store.now()) if ids else ():
            found.setdefault(finding.instance, []).append(finding)
        for id in {*ids, *(self._found.keys() - self._mine)}:
            known = self._found.pop(id, [])
            if id in found:
                self._found[id] = found[id]
            for finding in found.get(id, ()):
                if finding not in known:
                    logger.error("%r: %s: %s", id, finding.kind, finding.message)
