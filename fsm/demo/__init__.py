"""The demonstration of `fsm demo`: orders whose worker is killed again and again, and what must be true at the end."""
