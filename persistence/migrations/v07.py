"""Version 7 of the schema: what instances are found by."""

from typing import Final

SCRIPT: Final = """
CREATE TABLE {schema}attribute (
    instance {id} NOT NULL,
    name VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    PRIMARY KEY (instance, name)
) {narrow};

CREATE INDEX attribute_value ON {schema}attribute (name, value, instance);
"""
