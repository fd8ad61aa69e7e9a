"""A connection to MariaDB or MySQL that neither rounds, nor cuts, nor takes two keys for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from core.db.mysql import driver
from core.db.mysql.driver import base
from core.db.mysql.features import DatabaseFeatures
from core.db.mysql.schema import DatabaseSchemaEditor

#: Refuses what doesn't fit instead of cutting it to fit, and dates and quotients that don't exist.
_SQL_MODE = (
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION,"
    "ONLY_FULL_GROUP_BY"
)
#: Texts are sorted and grouped by so many bytes; the longest that we group by has 300 characters.
_SORTED_BYTES = 4096
_OLDEST = {True: (10, 6), False: (8, 0, 16)}


#: A right that the user doesn't have: on a table, on columns, on a database, on the server.
_DENIED = {1142, 1143, 1044, 1227}


class CursorWrapper(base.CursorWrapper):
    """A cursor that writes UUIDs and instants as their columns hold them, and names errors as PostgreSQL's does."""

    codes_for_integrityerror = (*base.CursorWrapper.codes_for_integrityerror, 1644)  # 1644: a trigger of ours refused

    def execute(self, query: str, args: Any = None) -> Any:
        with _told_apart():
            return super().execute(query, _held(args))

    def executemany(self, query: str, args: Iterable[Any]) -> Any:
        with _told_apart():
            return super().executemany(query, [_held(one) for one in args])


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except driver.OperationalError as error:
        if error.args[0] in _DENIED:
            raise driver.ProgrammingError(*error.args) from error
        raise


class DatabaseWrapper(base.DatabaseWrapper):
    """Sessions in strict mode, UTC and READ COMMITTED, whose text compares byte by byte."""

    SchemaEditorClass = DatabaseSchemaEditor
    features_class = DatabaseFeatures

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._afterwards: list[str] = []

    @property
    def collation(self) -> str:
        """By code point, trailing spaces counting; the two databases name it differently."""
        return "utf8mb4_nopad_bin" if self.mysql_is_mariadb else "utf8mb4_0900_bin"

    def check_database_version_supported(self) -> None:
        """Raises NotSupportedError or ImproperlyConfigured where the server is too old for us."""
        super().check_database_version_supported()
        if self.mysql_version < _OLDEST[self.mysql_is_mariadb]:
            oldest = ".".join(map(str, _OLDEST[self.mysql_is_mariadb]))
            raise ImproperlyConfigured(f"{self.display_name} {oldest} or newer is needed")

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "sql_mode": _SQL_MODE}

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self._afterwards.clear()
        with self.cursor() as cursor:
            # A literal's collation, and that of JSON; a column's own counts for more.
            cursor.execute("SET NAMES utf8mb4 COLLATE utf8mb4_bin")
            cursor.execute(f"SET SESSION time_zone = '+00:00', SESSION max_sort_length = {_SORTED_BYTES}")

    def create_cursor(self, name: str | None = None) -> CursorWrapper:
        return CursorWrapper(self.connection.cursor())

    def set_until_end(self, variable: str, value: float) -> None:
        """Sets a variable of the session, and sets it back when the transaction has ended."""
        with self.cursor() as cursor:
            cursor.execute(f"SET SESSION {variable} = %s", [value])
        if (back := f"SET SESSION {variable} = DEFAULT") not in self._afterwards:
            self._afterwards.append(back)

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc] # the stubs don't know it
        self._set_back()

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        self._set_back()

    def _set_back(self) -> None:
        statements, self._afterwards = self._afterwards, []
        if statements and self.connection is not None:
            with self.connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)


def _held(args: Any) -> Any:
    if isinstance(args, dict):
        return {name: _column(value) for name, value in args.items()}
    return tuple(map(_column, args)) if isinstance(args, Sequence) else args


def _column(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)  # the drivers would only drop the zone
    return value
