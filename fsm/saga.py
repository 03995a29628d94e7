"""Sagas: workflows that take back what they have done. `@charge.undo` declares how, `compensate` when."""

from fsm.chart.compensation import Compensation, compensate
from fsm.chart.undo import Undo

__all__ = ["Compensation", "Undo", "compensate"]
