"""Version 1 of the schema: the first tables."""

import sqlite3

from sqlalchemy.schema import CreateIndex, CreateTable

from persistence.rows import metadata
from persistence.statements import compiled


def upgrade(connection: sqlite3.Connection) -> None:
    """Create all tables and their indices."""
    for table in metadata().sorted_tables:
        connection.execute(compiled(CreateTable(table)).sql)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(compiled(CreateIndex(index)).sql)
