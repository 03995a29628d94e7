"""Talking to running machines: what questions extend, and what progress is told as."""

from fsm.chart.event import Question

__all__ = ["Question"]
