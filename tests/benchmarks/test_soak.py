"""The soak: what it samples, and that nothing grows."""

from __future__ import annotations

import pytest

from benchmarks.soak import WALKERS, Sample, growth, soak, supported

SECONDS, LOOK_SECONDS = 600, 5
MEMORY_GROWTH_MAX = 1.1
CHECKPOINT_FILES = 2
"""The connection that copies the log is opened when there is something to copy: the file and its log."""

needs_samples = pytest.mark.skipif(not supported(), reason="only Linux tells what a process holds")


def test_growth_is_seen() -> None:
    grown = [Sample(float(n), 100 + 10 * n, 9 + n, n) for n in range(30)]
    memory, files = growth(grown)
    assert memory > 1.3
    assert files > 5


@needs_samples
def test_a_short_soak_works_and_opens_no_file_for_an_order() -> None:
    samples = soak(1.5, 0.1)
    assert samples[-1].orders >= WALKERS
    assert growth(samples)[1] <= CHECKPOINT_FILES


@needs_samples
@pytest.mark.long
def test_ten_minutes_of_work_leave_memory_and_open_files_flat() -> None:
    samples = soak(SECONDS, LOOK_SECONDS)
    memory, files = growth(samples)
    assert memory <= MEMORY_GROWTH_MAX
    assert files <= 0
