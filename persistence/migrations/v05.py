"""Version 5 of the schema: what instances were, and which was forked from which."""

from typing import Final

SCRIPT: Final = """
ALTER TABLE {schema}transition ADD COLUMN past VARCHAR NOT NULL DEFAULT '';
ALTER TABLE {schema}transition ADD COLUMN notes VARCHAR NOT NULL DEFAULT '';
ALTER TABLE {schema}instance ADD COLUMN base {id} NOT NULL DEFAULT '';
CREATE INDEX instance_base ON {schema}instance (base) WHERE base <> '';
"""
