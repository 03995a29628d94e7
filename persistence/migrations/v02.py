"""Version 2 of the schema: claims, so that several workers can share the instances of one store."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}worker (
    id VARCHAR NOT NULL PRIMARY KEY,
    beat FLOAT NOT NULL,
    lease FLOAT NOT NULL
);
CREATE TABLE {schema}ready (
    instance {id} NOT NULL PRIMARY KEY,
    worker VARCHAR,
    due FLOAT NOT NULL,
    poked INTEGER NOT NULL
) {roomy};
CREATE INDEX ready_due ON {schema}ready (due) WHERE worker IS NULL;
CREATE INDEX ready_worker ON {schema}ready (worker) WHERE worker IS NOT NULL;
CREATE INDEX ready_poked ON {schema}ready (instance) WHERE poked = 1;
"""
