"""Version 1 of the schema: the first tables."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}meta (
    name VARCHAR NOT NULL PRIMARY KEY,
    value VARCHAR NOT NULL
);
CREATE TABLE {schema}instance (
    id {id} NOT NULL PRIMARY KEY,
    machine VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    seq {number} NOT NULL,
    config VARCHAR NOT NULL,
    moving VARCHAR NOT NULL,
    fence {number} NOT NULL,
    origin VARCHAR NOT NULL,
    parent VARCHAR NOT NULL,
    output VARCHAR,
    created FLOAT NOT NULL,
    closed FLOAT,
    context {bytes} NOT NULL
) {roomy};
CREATE INDEX instance_machine ON {schema}instance (machine, id);
CREATE TABLE {schema}transition (
    instance {id} NOT NULL,
    seq {number} NOT NULL,
    cause VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    payload VARCHAR NOT NULL,
    steps VARCHAR NOT NULL,
    config VARCHAR NOT NULL,
    at FLOAT NOT NULL,
    took FLOAT NOT NULL,
    PRIMARY KEY (instance, seq)
);
CREATE TABLE {schema}inbox (
    n {given_once},
    instance {id} NOT NULL,
    ref VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    payload VARCHAR NOT NULL,
    key VARCHAR,
    lane VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    outcome VARCHAR,
    not_before FLOAT NOT NULL,
    at FLOAT NOT NULL,
    UNIQUE (ref)
);
CREATE UNIQUE INDEX inbox_key ON {schema}inbox (instance, key) WHERE key IS NOT NULL;
CREATE INDEX inbox_open ON {schema}inbox (instance, n) WHERE state IN ('waiting', 'deferred');
CREATE INDEX inbox_delayed ON {schema}inbox (not_before) WHERE state = 'waiting' AND not_before > 0.0;
CREATE TABLE {schema}timer (
    instance {id} NOT NULL,
    key VARCHAR NOT NULL,
    generation {number} NOT NULL,
    due FLOAT NOT NULL,
    PRIMARY KEY (instance, key, generation)
) {narrow};
CREATE INDEX timer_due ON {schema}timer (due);
CREATE TABLE {schema}effect (
    instance {id} NOT NULL,
    key VARCHAR NOT NULL,
    generation {number} NOT NULL,
    context {bytes} NOT NULL,
    cause VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (instance, key, generation)
);
CREATE TABLE {schema}call (
    n {given},
    instance {id} NOT NULL,
    cause VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    k INTEGER NOT NULL,
    answer VARCHAR NOT NULL,
    arguments VARCHAR NOT NULL,
    at FLOAT NOT NULL,
    took FLOAT NOT NULL,
    attempt INTEGER NOT NULL,
    UNIQUE (instance, cause, method, digest, k)
);
CREATE TABLE {schema}incident (
    id {given_once},
    instance {id} NOT NULL,
    kind VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    seq {number} NOT NULL,
    at FLOAT NOT NULL,
    resolved FLOAT,
    resolution VARCHAR
);
CREATE INDEX incident_instance ON {schema}incident (instance);
CREATE INDEX incident_open ON {schema}incident (id) WHERE resolved IS NULL;
"""
