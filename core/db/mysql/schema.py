"""Tables whose text compares byte by byte, whatever their database's own collation is."""

from __future__ import annotations

from typing import Any

from core.db.mysql.driver import schema


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Says character set and collation of each table that it creates."""

    connection: Any

    def table_sql(self, model: Any) -> tuple[str, list[Any]]:
        statement, params = super().table_sql(model)
        return f"{statement} {self.table_options()}", params

    def table_options(self) -> str:
        """For whoever writes a CREATE TABLE by hand."""
        return f"ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {self.connection.collation}"
