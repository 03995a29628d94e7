"""The log: one logger, `fsm`, whose lines carry the fields instance, machine and seq, and nothing that users wrote."""

from __future__ import annotations

import logging
from typing import Any, Final

from fsm.core.step import event_name
from fsm.ports.store import Record

LOGGER: Final = logging.getLogger("fsm")


def turned(record: Record, key: Any) -> None:
    """A turn is committed (DEBUG)."""
    if LOGGER.isEnabledFor(logging.DEBUG):
        text = "%s %r took %s: %s"
        LOGGER.debug(text, record.machine, record.id, event_name(key), record.config, extra=_fields(record))


def parked(record: Record, kind: str, event: str) -> None:
    """An instance is parked (WARNING); what exactly went wrong is in its incident."""
    LOGGER.warning("%s %r is parked: %s on %s", record.machine, record.id, kind, event, extra=_fields(record))


def _fields(record: Record) -> dict[str, object]:
    return {"instance": record.id, "machine": record.machine, "seq": record.seq}
