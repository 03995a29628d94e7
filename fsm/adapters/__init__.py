"""Implementations of services that are declared instead of written."""

from fsm.adapters.command import Command, command_service
from fsm.adapters.http import http_service
from fsm.adapters.model import LanguageModel, Prompt, ScriptedModel, model_service
from fsm.adapters.pool import in_processes
from fsm.adapters.route import Route

__all__ = [
    "Command",
    "LanguageModel",
    "Prompt",
    "Route",
    "ScriptedModel",
    "command_service",
    "http_service",
    "in_processes",
    "model_service",
]
