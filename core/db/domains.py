"""Columns that hold only what their type means.

On PostgreSQL they are domains, which a session parses once: constraints of a table are parsed anew for every statement
that writes to it, which costs more than a small statement itself. On MariaDB, which has none, they are CHECKs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.migrations.operations.base import Operation, OperationCategory

from core.db.meant import Condition


class Domain(NamedTuple):
    """PostgreSQL's type, and what is true of each value. An upper bound also stops NaN, which is above every number.

    `whole` where that type holds fractions and the domain doesn't. A type that rounds them would make 1 of 0.5 before
    any rule is asked, as MariaDB does.
    """

    base: str
    condition: str
    whole: bool = False

    @property
    def rule(self) -> str:
        """What PostgreSQL asks of each value."""
        return f"{self.condition} AND scale(VALUE) = 0" if self.whole else self.condition


def _unsigned(base: str, bits: int, *, least: int = 0) -> Domain:
    return Domain(base, f"VALUE BETWEEN {least} AND {2**bits - 1}", whole=base == "numeric")


#: By name. Each operator of a rule is made ready anew by every statement that writes.
DOMAINS: Mapping[str, Domain] = {
    "uint16_not_zero": _unsigned("integer", 16, least=1),
    "uint32": _unsigned("bigint", 32),
    "uint32_not_zero": _unsigned("bigint", 32, least=1),
    "uint64": _unsigned("numeric", 64),
    "uint128": _unsigned("numeric", 128),
    # That it is whole needn't be asked: it begins with 0, of no decimals, and what is added to it is whole.
    "uint128_sum": Domain("numeric", f"VALUE BETWEEN 0 AND {2**128 - 1}"),
    "ledger_id": Domain("uuid", f"VALUE <> '{'0' * 32}' AND VALUE <> '{'f' * 32}'"),
    "ledger_account_flags": Domain("integer", "(VALUE & -48) = 0 AND (VALUE & 6) <> 6"),
    # What Python can't read back would stay for ever in a table that is append-only: infinity, or a year of five
    # digits. With one such row nobody could seal or export these books again. MariaDB holds no such instants.
    "instant": Domain(
        "timestamp with time zone",
        "VALUE BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'",
    ),
    "day": Domain("date", "VALUE BETWEEN '0001-01-01' AND '9999-12-31'"),
}
#: By PostgreSQL's type: the domain that every append-only table uses in its place.
READABLE = {"timestamptz": "instant", "date": "day"}


def rule(domain: str) -> str:
    """The name of a domain's only constraint."""
    return f"{domain}_rule"


def creating(domain: str) -> str:
    """The statement that makes a domain on PostgreSQL, unless it is there."""
    made = DOMAINS[domain]
    return (
        f"DO $$ BEGIN CREATE DOMAIN {domain} AS {made.base} CONSTRAINT {rule(domain)} CHECK ({made.rule}); "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )


def retyping(table: str, columns: Mapping[str, str]) -> str:
    """The statement that gives columns of a table their types on PostgreSQL."""
    changes = ", ".join(f'ALTER "{column}" TYPE {kind}' for column, kind in columns.items())
    return f"ALTER TABLE {table} {changes}"


def keep_readable(schema_editor: Any, table: str) -> None:
    """Lets the table's columns of instants and days hold only those that can be read back. PostgreSQL only."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND typname = ANY(%s)",
            [table, [*READABLE]],
        )
        columns = {column: READABLE[kind] for column, kind in cursor.fetchall()}
    if columns:
        for statement in [*map(creating, sorted({*columns.values()})), retyping(table, columns)]:
            schema_editor.execute(statement, params=None)


class Restrict(Operation):
    """Columns of `table` hold only what their domains allow. Comes before whatever makes triggers of that table."""

    category = OperationCategory.SQL
    reversible = True

    def __init__(self, table: str, domains: Mapping[str, str]) -> None:
        self.table = table
        self.domains = dict(domains)

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            statements = [*map(creating, self.domains.values()), retyping(self.table, self.domains)]
        else:
            statements = [f"ALTER TABLE {self.table} {', '.join(self._mariadb())}"]
        for statement in statements:
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            statement = retyping(self.table, {column: DOMAINS[name].base for column, name in self.domains.items()})
        else:
            dropped = (f"DROP CONSTRAINT {_constraint(self.table, column)}" for column in self.domains)
            statement = f"ALTER TABLE {self.table} {', '.join(dropped)}"
        schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"Restrict what columns of {self.table} hold"

    def conditions(self) -> list[Condition]:
        """The CHECKs that are in the place of the domains on MariaDB."""
        return [
            Condition(
                self.table, _constraint(self.table, column), DOMAINS[name].condition.replace("VALUE", f"`{column}`")
            )
            for column, name in self.domains.items()
        ]

    def _mariadb(self) -> list[str]:
        return [f"ADD CONSTRAINT {one.name} CHECK ({one.text})" for one in self.conditions()]


def _constraint(table: str, column: str) -> str:
    return f"{table}_{column}_rule"
