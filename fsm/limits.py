"""The bounds of every loop, queue and payload, each with its reason."""

MICROSTEPS_MAX = 1_000
"""A macrostep that needs more is taken for an endless one; nothing in it may suspend, so no timeout could stop it."""

CONTEXT_BYTES_MAX = 1_048_576
"""A context is written at every transition: larger data belongs behind a reference."""

EVENT_BYTES_MAX = 262_144
"""An event is written to the inbox and to the journal."""

INBOX_MAX = 10_000
"""Events that may wait for one instance; the sender of one more is told."""

NODES_MAX = 4_096
"""Configurations a machine class keeps planned; regions multiply, memory must not."""

KEYS_MAX = 1_024
"""Event kinds a machine class keeps resolved: names come from outside."""

TRACE_MAX = 10_000
"""Microsteps a rehearsal remembers."""

WARM_MAX = 10_000
"""Idle instances that an orchestrator keeps in memory; the least recently used go first."""

BATCH_MAX = 512
"""Turns that share one commit: bounds the time a lone turn waits for its neighbours."""

TURN_SECONDS_MAX = 300.0
"""A turn holds its instance: long work belongs in an invoke."""

CALL_SECONDS_MAX = 30.0
"""The timeout of a service call that names none."""

DRAIN_SECONDS = 5.0
"""How long a closing orchestrator lets running turns finish."""

ID_CHARS_MAX = 200
"""An instance id is part of every key."""

THREADS_MAX = 40
"""Synchronous service implementations that may run at once."""
