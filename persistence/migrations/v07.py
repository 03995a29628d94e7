"""Version 7 of the schema: what instances are found by, and how far invokes have come."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}attribute (
    instance {id} NOT NULL,
    name VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    PRIMARY KEY (instance, name)
) {narrow};

CREATE INDEX attribute_value ON {schema}attribute (name, value, instance);

ALTER TABLE {schema}effect ADD COLUMN progress VARCHAR;
"""
