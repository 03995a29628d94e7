"""Schedules: machines that start, and events that are sent, by the clock and the calendar."""

from fsm.schedule.schedule import Schedule

__all__ = ["Schedule"]
