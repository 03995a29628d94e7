"""Version 6 of the schema: human tasks, and an index of the deadlines that were breached."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}human_task (
    id {id} NOT NULL PRIMARY KEY,
    instance {id} NOT NULL,
    machine VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    generation {number} NOT NULL,
    state VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    assignee VARCHAR NOT NULL,
    opened FLOAT NOT NULL,
    due FLOAT,
    escalation {number} NOT NULL,
    status VARCHAR NOT NULL,
    claimed_by VARCHAR NOT NULL,
    closed FLOAT,
    by VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    acts VARCHAR NOT NULL,
    revision {number} NOT NULL
);
CREATE INDEX human_task_instance ON {schema}human_task (instance);
CREATE INDEX human_task_open ON {schema}human_task (opened) WHERE status IN ('open', 'claimed');
CREATE INDEX transition_breach ON {schema}transition (instance) WHERE substr(event, 1, 7) = 'breach:';
"""
