"""The table and codec of a machine class, made once and kept on the class."""

from __future__ import annotations

from typing import Any

from fsm.chart.machine import Machine
from fsm.core.codec import Codec
from fsm.core.configuration import Table
from fsm.core.signals import SignalCodec


def table_of(machine: type[Machine[Any, Any, Any]]) -> Table:
    """The planned steps of a machine, shared by everything that runs it in this process."""
    found = vars(machine).get("__table__")
    if found is None:
        found = Table(machine.__chart__)
        type.__setattr__(machine, "__table__", found)
    assert isinstance(found, Table)
    return found


def codec_of(machine: type[Machine[Any, Any, Any]]) -> Codec:
    """The codec of a machine."""
    found = vars(machine).get("__codec__")
    if found is None:
        chart = machine.__chart__
        found = SignalCodec(chart) if chart.named else Codec(chart)
        type.__setattr__(machine, "__codec__", found)
    assert isinstance(found, Codec)
    return found
