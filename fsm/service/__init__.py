"""Service contracts, and what an implementation may know of the call that it serves."""

from fsm.service.current import CurrentCall, current_call

__all__ = ["CurrentCall", "current_call"]
