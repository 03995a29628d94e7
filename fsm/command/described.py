"""A target that is only looked at: a class, or a document, whose functions need not be there."""

from __future__ import annotations

from pathlib import Path

from fsm.command.failure import Misuse
from fsm.command.target import MachineClass, machine_of, machines_of
from fsm.interop.document import read_document
from fsm.interop.document_registry import Anything
from fsm.interop.document_text import is_file_name
from fsm.machine import StateMachine


def described(target: str) -> MachineClass:
    """The one machine that a target names or describes."""
    return _document(target) if is_file_name(target) else machine_of(target)


def all_described(target: str) -> list[MachineClass]:
    """All machines that a target names or describes."""
    return [_document(target)] if is_file_name(target) else machines_of(target)


def _document(target: str) -> MachineClass:
    if not Path(target).is_file():
        raise Misuse(f"no file {target}", where=target, fix="write the path of a document, or MODULE:Class")
    return read_document(Path(target), Anything(), StateMachine)
