"""Implementations of services that are declared instead of written."""

from fsm.adapters.http import http_service
from fsm.adapters.route import Route

__all__ = ["Route", "http_service"]
