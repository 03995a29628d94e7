"""The table and codec of a machine class, made once and kept on the class."""

from __future__ import annotations

from typing import Any

from fsm.chart.machine import Machine
from fsm.core.codec import Codec
from fsm.core.configuration import Table


def table_of(machine: type[Machine[Any, Any, Any]]) -> Table:
    """The planned steps of a machine, shared by everything that runs it in this process."""
    found = vars(machine).get("_table")
    if found is None:
        found = Table(machine.__chart__)
        type.__setattr__(machine, "_table", found)
    assert isinstance(found, Table)
    return found


def codec_of(machine: type[Machine[Any, Any, Any]]) -> Codec:
    """The codec of a machine."""
    found = vars(machine).get("_codec")
    if found is None:
        found = Codec(machine.__chart__)
        type.__setattr__(machine, "_codec", found)
    assert isinstance(found, Codec)
    return found
