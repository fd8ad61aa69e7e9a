"""Append-only tables: the database refuses what the application, and even the tables' owner, must not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models

from core.access import services as access
from core.access.scope import tenant_id
from core.db import roles, vendor
from core.db.arrivals import COLUMN
from core.db.guards import append_only
from core.db.transaction import atomic
from ledger import periods
from ledger.services import create_transfers
from ledger.transfers import TransferFlags
from tests.ledger.builders import MARCH_1, bare_account, move
from tests.support import world
from tests.support.roles import CHECK, DENIED, NULL, RESTRICTED, on_postgresql, speaking_as, state

TABLES = sorted(append_only())
#: Some of whose columns may change: there a row is needed to see what is refused.
MUTABLE = [table for table in TABLES if append_only()[table].mutable]
_ROLES = {"application": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}


@pytest.fixture(params=_ROLES)
def role(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[str]:
    """Who speaks to the database."""
    with speaking_as(_ROLES[request.param]):
        yield str(request.param)


def _refused(statement: str, *values: Any) -> str | None:
    """The SQLSTATE with which a statement is refused, None where it passes; nothing of it stays."""
    try:
        with atomic(), connection.cursor() as cursor:
            vendor.set_lock_timeout(5_000)
            cursor.execute(statement, values)
            connection.set_rollback(True)
    except DatabaseError as error:
        return state(error)
    return None


def test_every_table_that_must_not_change_is_named() -> None:
    """The list that this file goes through: forgetting one here means forgetting it in the migrations, too."""
    assert len(TABLES) == 40
    assert {"ledger_transfer", "billing_charge", "billing_invoice", "core_auditrecord", "metering_event"} < set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_emptied(role: str, table: str) -> None:
    """The application lacks the right; the owner meets a guard, though there may be no row to look at."""
    expected = DENIED if role == "application" else RESTRICTED
    assert _refused(f"TRUNCATE {table} CASCADE" if on_postgresql() else f"TRUNCATE {table}") == expected


def test_nothing_is_deleted(one_of_each: None, role: str) -> None:
    refused = {table: _refused(f"DELETE FROM {table}") for table in _meeting_guards(role)}
    assert refused == dict.fromkeys(refused, DENIED if role == "application" else RESTRICTED)


def test_nothing_is_changed(one_of_each: None, role: str) -> None:
    fixed = [table for table in _meeting_guards(role) if table not in MUTABLE]
    refused = {table: _refused(f"UPDATE {table} SET tenant_id = tenant_id") for table in fixed}
    assert refused == dict.fromkeys(refused, DENIED if role == "application" else RESTRICTED)


def _meeting_guards(role: str) -> list[str]:
    """All tables; but MariaDB's triggers look at rows, so that its owner meets them only where there is one."""
    if on_postgresql() or role == "application":
        return TABLES
    with connection.cursor() as cursor:
        return [table for table in TABLES if cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")]


@pytest.mark.postgresql("there the column can't be named; MariaDB's trigger overwrites whatever was said")
def test_nobody_but_the_database_says_when_a_row_arrived(one_of_each: None, role: str) -> None:
    """Whoever could antedate a row would put it where it is sealed already, or beyond the next seals."""
    arriving = {table for table in TABLES if append_only()[table].sealed}
    refused = {table: _refused(f"INSERT INTO {table} (arrival) VALUES (1)") for table in arriving}
    if role == "owner":
        assert refused.pop("ledger_pending") == RESTRICTED  # only the ledger's own triggers add to it
    assert set(refused.values()) == {DENIED if role == "application" else NULL}


@pytest.mark.postgresql("MariaDB's columns hold no such instants")
@pytest.mark.parametrize("when", ["infinity", "-infinity", "10000-01-01", "0001-01-01 BC"])
def test_an_instant_that_could_not_be_read_back_is_refused(one_of_each: None, role: str, when: str) -> None:
    """It could never be taken away, and nobody could seal or export the books any more."""
    dated = [
        (table, name) for table in _filled() for name, kind in columns_of(table) if kind in ("timestamptz", "date")
    ]
    assert len(dated) > 40
    assert {pair: _refused(_copying(*pair), when) for pair in dated} == dict.fromkeys(dated, CHECK)


def _filled() -> list[str]:
    """The tables that have a row to copy, but for those to which the ledger's own triggers let nobody add a copy."""
    with connection.cursor() as cursor:
        return [
            table
            for table in TABLES
            if table not in {"ledger_account", "ledger_pending"}
            and cursor.execute(f"SELECT FROM {table} LIMIT 1").rowcount
        ]


def _copying(table: str, changed: str) -> str:
    """What adds a row like one that is there, but for one column."""
    columns = {name: f'"{name}"' for name, _ in columns_of(table) if name != COLUMN} | {changed: "%s"}
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {table} LIMIT 1"


@pytest.mark.mariadb("its triggers say when a row arrived, whatever the writer says")
def test_whatever_a_writer_says_a_row_arrives_now(one_of_each: None, role: str) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT MAX(arrival) FROM core_message")
        (last,) = cursor.fetchone()
        cursor.execute(_ANTEDATED, [tenant_id()])
        cursor.execute("SELECT arrival FROM core_message WHERE id = MD5('new')")
        assert cursor.fetchone()[0] > last
        connection.set_rollback(True)


@pytest.mark.mariadb("its arrivals are given by a counter, whose next number a session may name")
def test_nobody_names_the_number_that_comes_next(one_of_each: None, role: str) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SET SESSION insert_id = 1")
        with pytest.raises(IntegrityError, match="insert_id is set"):
            cursor.execute(_ANTEDATED, [tenant_id()])
        connection.set_rollback(True)
    connection.close()


_ANTEDATED = """
INSERT INTO core_message (id, tenant_id, event, subject_type, subject_id, payload, at, arrival)
SELECT MD5('new'), tenant_id, event, subject_type, subject_id, payload, at, 1
FROM core_message WHERE tenant_id = %s LIMIT 1
"""
_OTHERWISE = {
    "uuid": "gen_random_uuid()",
    "text": "left({}, -1) || 'ß'",
    "varchar": "left(coalesce({}, ''), -1) || 'ß'",
    "int2": "{} + 1",
    "int4": "{} + 1",
    "int8": "coalesce({}, 0) + 1",
    "numeric": "coalesce({}, 0) + 1",
    "timestamptz": "coalesce({}, '2026-01-01') + interval '1 day'",
    "date": "{} + 1",
    "bool": "NOT {}",
    "jsonb": """'{{"other": 1}}'""",
    "bytea": "'\\x00'",
    # MariaDB's words
    "char": "MD5(RAND())",
    "longtext": "CONCAT({}, 'ß')",
    "int": "{} + 1",
    "smallint": "{} + 1",
    "bigint": "coalesce({}, 0) + 1",
    "decimal": "coalesce({}, 0) + 1",
    "datetime": "coalesce({}, '2026-01-01') + INTERVAL 1 DAY",
    "tinyint": "1 - {}",
    "longblob": "_binary 'x'",
}
#: No longer than it was.
_VARCHAR = "CONCAT(LEFT(COALESCE({0}, ''), GREATEST(CHAR_LENGTH(COALESCE({0}, '')), 1) - 1), 'ß')"


def test_nothing_but_the_named_columns_is_changed(one_of_each: None, role: str) -> None:
    """Column by column, on a row that is there."""
    for table in MUTABLE:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {table} WHERE {_own(table)}", [tenant_id()])
            assert cursor.fetchone()
        assert _changeable(table) == _may_change(role, table), table


def columns_of(table: str) -> list[tuple[str, str]]:
    """(column, the database's name of its type)."""
    kind, schema = ("udt_name", "current_schema()") if on_postgresql() else ("data_type", "DATABASE()")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT column_name, {kind} FROM information_schema.columns "
            f"WHERE table_schema = {schema} AND table_name = %s",
            [table],
        )
        return list(cursor.fetchall())


def otherwise(column: str, kind: str) -> str:
    """SQL for another value than the column has."""
    other = _VARCHAR if kind == "varchar" and not on_postgresql() else _OTHERWISE[kind]
    return other.format(connection.ops.quote_name(column))


def _changeable(table: str) -> set[str]:
    # What a check of the table's own thinks of the new value is beside the point here.
    return {
        name
        for name, kind in columns_of(table)
        if _refused(
            f"UPDATE {table} SET {connection.ops.quote_name(name)} = {otherwise(name, kind)} WHERE {_own(table)}",
            tenant_id(),
        )
        not in (DENIED, RESTRICTED)
    }


def _own(table: str) -> str:
    return "id = %s" if table == "core_tenant" else "tenant_id = %s"


def _may_change(role: str, table: str) -> set[str]:
    if table in {"ledger_account", "ledger_pending"} and (role == "application" or on_postgresql()):
        return set()  # these move with transfers only: that is the ledger's own guard
    restricted = roles.updatable(table) if role == "application" else None
    return set(append_only()[table].mutable) & set(restricted or append_only()[table].mutable)


def test_mutable_columns_are_columns_of_the_table() -> None:
    """A misspelt one would silently be a fixed one."""
    from django.apps import apps

    known = {model._meta.db_table: model for model in apps.get_models()}
    for table in MUTABLE:
        fields = {field.column for field in known[table]._meta.fields if isinstance(field, models.Field)}
        assert set(append_only()[table].mutable) <= fields


@pytest.fixture
def one_of_each(books: Any) -> None:
    """A row in each table of which a part may change."""
    price = {"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.10"}
    world.apply(
        {
            "customers": [world.customer()],
            "meters": [{"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "n"}],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("payg", [price])],
            "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "payg", "start": world.day("2026-01-01")}],
        }
    )
    world.ingest(
        world.event("good", time="2026-01-02T00:00:00Z", n=5), world.event("bad", time="2026-01-02T00:00:00Z", n="many")
    )
    world.bill("2026-02-01")
    create_transfers([move(bare_account(), bare_account(), 5, flags=TransferFlags.PENDING)], at=MARCH_1)
    access.create_api_key(scopes=["events:write"], actor=world.TESTER)
    periods.open_period(month="2026-01", actor=world.TESTER)
