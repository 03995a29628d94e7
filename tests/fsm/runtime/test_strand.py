"""A strand goes on by hand as long as it waits for commits only, and in a task from then on."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import anyio
import pytest

from fsm.runtime.strand import ASIDE, Rest, Strand, Submission, pause

pytestmark = pytest.mark.anyio


class Errand:
    """Submits once, goes aside and sleeps."""

    def __init__(self, *, told: bool = True) -> None:
        self.done: list[str] = []
        self.told = told
        self.submission = Submission([], "")

    async def _work(self) -> None:
        self.done.append("begun")
        await pause(self.submission)
        self.done.append(str(self.submission.outcome()))
        if self.told:
            await pause(ASIDE)
        with anyio.CancelScope():
            await anyio.sleep(0.001)
        self.done.append("slept")

    def work(self) -> Coroutine[Any, Any, None]:
        return self._work()

    async def beside(self, rest: Rest) -> None:
        await rest

    def ended(self) -> None:
        self.done.append("ended")


async def test_it_says_what_it_waits_for_and_its_rest_goes_on_in_a_task() -> None:
    errand = Errand()
    strand = Strand(errand)
    assert strand.move() is errand.submission
    assert strand.move() == ASIDE
    async with anyio.create_task_group() as group:
        group.start_soon(errand.beside, strand.rest())
    assert errand.done == ["begun", "[]", "slept"]


async def test_what_waits_without_a_word_is_a_mistake_of_ours() -> None:
    strand = Strand(Errand(told=False))
    strand.move()
    with pytest.raises(AssertionError, match="without having gone aside"):
        strand.move()


async def test_a_strand_that_is_given_up_leaves_nothing_behind() -> None:
    errand = Errand()
    Strand(errand).drop()
    strand = Strand(errand)
    strand.move()
    strand.drop()
    assert errand.done == ["begun"]


def test_a_submission_that_was_not_written_raises() -> None:
    submission = Submission([], "")
    submission.error = ValueError("no")
    with pytest.raises(ValueError, match="no"):
        submission.outcome()
