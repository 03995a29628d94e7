"""Delays: a timedelta or text, bounded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fsm.chart.delay import delay_ms, delay_text, delay_words
from tests.fsm.chart.refusal import odd


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("50ms", 50),
        ("2s", 2_000),
        ("15m", 900_000),
        ("1h30m", 5_400_000),
        (" 1 h 30 m ", 5_400_000),
        ("1.5s", 1_500),
        ("1d", 86_400_000),
        ("2w", 1_209_600_000),
        ("0s", 0),
        (timedelta(minutes=1, milliseconds=5), 60_005),
        (timedelta(0), 0),
    ],
)
def test_a_delay_is_read(text: str | timedelta, milliseconds: int) -> None:
    assert delay_ms(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "15", "15 minutes", "1.5.5s", "-1s", "1h-30m", "1e5s", "s", None, 5, 1.5, b"1s", True],
)
def test_another_text_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not a delay; write .* such as '15m'"):
        delay_ms(odd(text))


@pytest.mark.parametrize("delay", [timedelta(seconds=-1), timedelta.min])
def test_a_negative_delay_is_refused(delay: timedelta) -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        delay_ms(delay)


@pytest.mark.parametrize("delay", [timedelta.max, "9" * 400 + "w", "1000000w"])
def test_an_endless_delay_is_refused(delay: str | timedelta) -> None:
    with pytest.raises(ValueError, match=r"is longer than 1,000 years; write a shorter delay"):
        delay_ms(delay)


@pytest.mark.parametrize("milliseconds", [0, 1, 999, 1_000, 61_001, 86_400_000, 10**12])
def test_text_of_a_delay_reads_back(milliseconds: int) -> None:
    assert delay_ms(delay_text(milliseconds)) == milliseconds


@pytest.mark.parametrize("text", ["0s", "45m", "1h30m", "6d12h", "1w", "2w", "10d", "30d", "365d", "10d3h"])
def test_a_picture_says_weeks_only_where_nothing_is_left_over(text: str) -> None:
    assert delay_words(delay_ms(text)) == text
