"""Append-only tables: the database refuses what the application, and even the tables' owner, must not do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import models

from core.access import services as access
from core.access.scope import tenant_id
from core.db import roles
from core.db.guards import append_only
from ledger import periods
from ledger.services import create_transfers
from ledger.transfers import TransferFlags
from tests.ledger.builders import MARCH_1, bare_account, move
from tests.support import world

DENIED, RESTRICTED = "42501", "23001"
TABLES = sorted(append_only())
#: Some of whose columns may change: there a row is needed to see what is refused.
MUTABLE = [table for table in TABLES if append_only()[table].mutable]
_ROLES = {"application": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}


@pytest.fixture(params=_ROLES)
def role(request: pytest.FixtureRequest, transactional_db: None) -> str:
    return str(request.param)


@pytest.fixture
def connection(role: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ[_ROLES[role]]) as made:
        yield made


def _refused(connection: psycopg.Connection[Any], statement: str, *values: object) -> str | None:
    """The SQLSTATE with which a statement is refused, None where it passes; nothing of it stays."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL lock_timeout = '5s'")
            connection.execute(statement, values)
    except psycopg.Error as error:
        return error.sqlstate
    return None


def test_every_table_that_must_not_change_is_named() -> None:
    """The list that this file goes through: forgetting one here means forgetting it in the migrations, too."""
    assert len(TABLES) == 40
    assert {"ledger_transfer", "billing_charge", "billing_invoice", "core_auditrecord", "metering_event"} < set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_deleted_or_emptied(role: str, connection: psycopg.Connection[Any], table: str) -> None:
    """The application lacks the right; the owner, who has it, meets a trigger, even where there is no row."""
    expected = DENIED if role == "application" else RESTRICTED
    assert _refused(connection, f"DELETE FROM {table}") == expected
    assert _refused(connection, f"TRUNCATE {table} CASCADE") == expected


def test_nobody_but_the_database_says_when_a_row_arrived(
    role: str, connection: psycopg.Connection[Any], one_of_each: None
) -> None:
    """Whoever could antedate a row would put it where it is sealed already, or beyond the next seals."""
    arriving = {table for table in TABLES if append_only()[table].sealed}
    refused = {table: _refused(connection, f"INSERT INTO {table} (arrival) VALUES (1)") for table in arriving}
    if role == "owner":
        assert refused.pop("ledger_pending") == RESTRICTED  # only the ledger's own triggers add to it
    assert set(refused.values()) == ({DENIED} if role == "application" else {"23502"})


@pytest.mark.parametrize("table", [table for table in TABLES if table not in MUTABLE])
def test_nothing_is_changed(role: str, connection: psycopg.Connection[Any], table: str) -> None:
    statement = f"UPDATE {table} SET tenant_id = tenant_id"
    assert _refused(connection, statement) == (DENIED if role == "application" else RESTRICTED)


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
}


def test_nothing_but_the_named_columns_is_changed(
    role: str, connection: psycopg.Connection[Any], one_of_each: None
) -> None:
    """Column by column, on a row that is there."""
    for table in MUTABLE:
        assert connection.execute(f"SELECT 1 FROM {table} WHERE {_own(table)}", [tenant_id()]).fetchone()
        assert _changeable(connection, table) == _may_change(role, table), table


def _changeable(connection: psycopg.Connection[Any], table: str) -> set[str]:
    columns = connection.execute(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s", [table]
    ).fetchall()
    # What a check of the table's own thinks of the new value is beside the point here.
    return {
        name
        for name, kind in columns
        if _refused(
            connection,
            f"UPDATE {table} SET {name} = {_OTHERWISE[kind].format(name)} WHERE {_own(table)}",
            tenant_id(),
        )
        not in (DENIED, RESTRICTED)
    }


def _own(table: str) -> str:
    return "id = %s" if table == "core_tenant" else "tenant_id = %s"


def _may_change(role: str, table: str) -> set[str]:
    if table in {"ledger_account", "ledger_pending"}:
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
