"""Decisions: tables that are proved when they are made, and rules that are read from documents."""

from fsm.decision.column import Cell, Column, column
from fsm.decision.decision import Decision
from fsm.decision.rule import Rule, rule
from fsm.decision.ruleset import RuleSet
from fsm.decision.table import DecisionTable

__all__ = ["Cell", "Column", "Decision", "DecisionTable", "Rule", "RuleSet", "column", "rule"]
