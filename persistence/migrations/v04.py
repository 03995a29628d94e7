"""Version 4 of the schema: the attempts of calls that are made under a policy."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}attempt (
    instance {id} NOT NULL,
    cause VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    k INTEGER NOT NULL,
    n INTEGER NOT NULL,
    called VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    due FLOAT NOT NULL,
    started FLOAT,
    ended FLOAT,
    outcome VARCHAR NOT NULL,
    late VARCHAR NOT NULL,
    runs INTEGER NOT NULL,
    final INTEGER NOT NULL,
    worker VARCHAR NOT NULL,
    PRIMARY KEY (instance, cause, method, digest, k, n)
);
"""
