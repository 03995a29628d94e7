"""Service contracts, the policies of their calls, and what an implementation may know of the call that it serves."""

from fsm.service.breaker import Breaker
from fsm.service.current import CurrentCall, current_call
from fsm.service.failure import Retryable, Terminal
from fsm.service.policy import call
from fsm.service.retry import Backoff, Retry

__all__ = ["Backoff", "Breaker", "CurrentCall", "Retry", "Retryable", "Terminal", "call", "current_call"]
