"""The schema with schedules: where each of them stands."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}schedule (
    name {id} NOT NULL PRIMARY KEY,
    rhythm VARCHAR NOT NULL,
    does VARCHAR NOT NULL,
    next FLOAT NOT NULL,
    last FLOAT,
    said VARCHAR NOT NULL,
    paused INTEGER NOT NULL
);
"""
