"""The bounds of every loop, queue and payload, each with its reason."""

MICROSTEPS_MAX = 1_000
"""A macrostep that needs more is taken for an endless one; nothing in it may suspend, so no timeout could stop it."""

CONTEXT_BYTES_MAX = 1_048_576
"""A context is written at every transition: larger data belongs behind a reference."""

EVENT_BYTES_MAX = 262_144
"""An event is written to the inbox and to the journal."""

ENTRY_BYTES_MAX = 4_194_304
"""A journal entry: its event or answer, and the names of all its microsteps. It is one row, read as a whole."""

ANSWER_BYTES_MAX = 1_048_576
"""What an invoke answers is an event: it is written to the journal, and often to the context."""

INBOX_MAX = 10_000
"""Events that may wait for one instance; the sender of one more is told."""

INBOX_MACHINES_MAX = 20_000
"""The same for what machines send each other: others fill but half of it, so that two that answer each other go on."""

HELD_SECONDS = 1.0
"""How soon a turn is tried again for whose events there was no room; each further time as long as it has waited."""

HELD_SECONDS_LONGEST = 60.0
"""How rarely at last."""

HELD_SECONDS_MAX = 3_600.0
"""After this its instance is parked: two that fill each other's inboxes would wait for each other for ever."""

NODES_MAX = 8_192
"""Configurations a machine class keeps planned beside one for each of its states; regions multiply, memory must not."""

KEYS_MAX = 1_024
"""Event kinds a machine class keeps resolved: names come from outside."""

TRACE_MAX = 10_000
"""Microsteps a rehearsal remembers."""

PAST_WHOLE_EVERY = 50
"""Turns after which the journal keeps the whole of an instance instead of what changed: looking back reads no more."""

WARM_MAX = 1_000
"""Idle instances that an orchestrator keeps ready for their next turn; the least recently used go first."""

RESTING_MAX = 20_000
"""Waiting instances of which an orchestrator keeps the row in memory; of others it has to be read again."""

LEASE_SECONDS = 10.0
"""A worker that is silent for so long is taken for dead: others go on with its instances."""

DEATHS_SUSPECT = 2
"""Workers that have died while a turn of an instance was due, before that turn is tried alone: one may always die."""

DEATHS_MAX = 5
"""Workers that may die in one turn of an instance before it is parked: a turn that kills would be tried for ever."""

CLAIMS_AT_ONCE = 1_000
"""Instances that a worker claims in one go, and no more while as many wait to be read."""

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

TERMINATIONS_MAX = 100
"""How often an instance may take a turn just when it is to be terminated, before that is given up."""

PROGRESS_SECONDS = 1.0
"""An invoke may tell its progress as often as it likes; for other processes it is written so rarely."""

PROGRESS_CHARS_MAX = 500
"""The text of a progress is a line for people."""

SEARCH_FIELDS_MAX = 16
"""Fields that instances of a machine are found by: each that changes is a row written with the turn."""

SEARCH_CHARS_MAX = 200
"""A value that instances are found by is part of an index, whose entries databases bound."""

THREADS_MAX = 40
"""Synchronous service implementations that may run at once."""

XML_CHARS_MAX = 4_194_304
"""An SCXML document is read into memory as a whole."""

XML_DEPTH_MAX = 200
"""Elements of an SCXML document inside each other: nested ones are read by nested calls."""

DOCUMENT_CHARS_MAX = 1_048_576
"""The text of a document that describes a machine is parsed as a whole and kept in the store."""

DOCUMENT_VALUES_MAX = 100_000
"""Values of a document, each alias counted: a short text can stand for an endless one."""

DOCUMENT_DEPTH_MAX = 64
"""Levels of a document: reading it is recursive."""

PROOF_STEPS_MAX = 100_000
"""Steps of one proof about a decision table: with many overlapping rules the number grows exponentially."""

PROBLEMS_MAX = 20
"""Problems of one kind that are told about a decision table: thousands would drown whoever reads them."""

ITEMS_MAX = 10_000
"""Items of one invoke over a collection: each becomes a row in the call journal."""

ITEMS_BYTES_MAX = 1_048_576
"""The same items as JSON: they stand in one row, which is read whole."""

ITEMS_AT_ONCE = 8
"""Items of an invoke that run at once where it does not say how many."""

DEEDS_MAX = 1_000
"""What an instance may have done that can be undone: it is written with every turn."""

DEEDS_BYTES_MAX = 262_144
"""The answers and events that this needs, as JSON."""


AUDIT_SECONDS = 60.0
"""How often a worker looks whether some of what it runs is as it should be."""

AUDIT_AT_ONCE = 100
"""How many instances it looks at then: some tenths of a second of work."""

ESCALATION_SECONDS = 1.0
"""How often a call that a person is to answer looks whether somebody has."""

SCHEDULE_CHARS_MAX = 100
"""The name of a schedule is part of the ids that it makes."""

EVERY_SECONDS_MIN = 1.0
"""Each firing of a schedule is a commit, and often an instance."""

FIRINGS_AT_ONCE = 100
"""Missed due times of one schedule that are fired in one go, before others get on."""


KEY_CHARS_MAX = 255
"""An idempotency key in a header: what receivers commonly store; a longer one is sent as its digest."""

CONNECTIONS_MAX = 100
"""Connections that a service over HTTP holds at once."""

RESPONSE_BYTES_MAX = 1_048_576
"""An answer from outside is read into memory as a whole and written to the journal."""

PROBLEM_BYTES_MAX = 16_384
"""What is kept of a failure that came from outside: enough to see what it was."""

RETRY_AFTER_SECONDS_MAX = 86_400.0
"""The longest that a server may send a call away for: one that means never is believed for a day."""

DELIVERIES_MAX = 10
"""How often a message is taken whose instance nobody knows: it may come before its instance is begun."""

TOOL_PAGES_MAX = 100
"""Pages of a list of tools that are read: one that never ends is not waited for."""
