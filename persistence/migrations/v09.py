"""Version 9 of the schema: how many workers have died in the next turn of an instance."""

from typing import Final

SCRIPT: Final = """
ALTER TABLE {schema}ready ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {schema}ready ADD COLUMN died {number} NOT NULL DEFAULT 0;
ALTER TABLE {schema}ready ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ready_deadly ON {schema}ready (worker) WHERE deaths > 0;
"""
