"""Talking to running machines: what questions extend, and what progress is told as."""

from fsm.chart.event import Question
from fsm.core.progress import Progress

__all__ = ["Progress", "Question"]
