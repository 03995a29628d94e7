"""Implementations of services that are declared instead of written."""

from fsm.adapters.command import Command, command_service
from fsm.adapters.http import http_service
from fsm.adapters.route import Route

__all__ = ["Command", "Route", "command_service", "http_service"]
