"""Where machines run durably: in this process, in many on one database, or on a distributed engine; a URL chooses."""

from fsm.engines.opening import open_engine
from fsm.ports.engine import Engine, Health

__all__ = ["Engine", "Health", "open_engine"]
