"""Version 3 of the schema: the documents of machines that were made from data."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}definition (
    machine VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (machine, version)
);
"""
