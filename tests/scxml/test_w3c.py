"""The mandatory automatic tests of the W3C, as published; found through the variable SCXML_W3C, else skipped."""

from __future__ import annotations

import pytest

from fsm.interop.scxml import read_scxml, write_scxml
from tests.scxml import suite
from tests.scxml.language import Conformance

present = pytest.mark.skipif(suite.folder() is None, reason=f"{suite.VARIABLE} names no folder with the W3C suite")


@present
def test_all_of_the_suite_is_there() -> None:
    assert len(suite.assertions()) == 159
    assert not set(suite.SKIPPED) - set(suite.assertions()), "skipped tests that do not exist"
    assert all(suite.SKIPPED.values())


@present
@pytest.mark.parametrize("document", suite.documents())
def test_a_document_ends_in_pass(document: str) -> None:
    assert suite.end(document) == suite.PASS


@present
@pytest.mark.parametrize("document", suite.documents())
def test_a_document_ends_in_pass_from_any_snapshot(document: str) -> None:
    """Between any two points in time everything is taken apart to text and put together again."""
    machine = suite.machine(document)
    running = machine.rehearse()
    for _ in range(120):
        if running.done:
            break
        running = machine.rehearse(snapshot=running.snapshot().to_json())
        running.advance("250ms")
    assert running.configuration == suite.PASS


@present
@pytest.mark.parametrize("document", suite.documents())
def test_a_document_that_was_read_and_written_still_ends_in_pass(document: str) -> None:
    written = write_scxml(suite.machine(document))
    assert read_scxml(written, Conformance(), load=suite.load).rehearse().advance("30s").configuration == suite.PASS
