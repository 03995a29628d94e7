"""People in workflows: tasks with forms, deadlines of states, and what is known of them."""

from fsm.chart.deadline import deadline
from fsm.chart.event import Completed
from fsm.chart.human import human
from fsm.ports.task import Act, Task

__all__ = ["Act", "Completed", "Task", "deadline", "human"]
