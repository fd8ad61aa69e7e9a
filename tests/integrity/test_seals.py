"""Sealed rows and seals that somebody with every right tampered with: each is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection

from core.access.scope import tenant_id, tenant_scope
from core.models import Seal, SealPart, Tenant
from core.seals import selectors, services
from core.seals.integrity import _Walk
from core.seals.tables import sealed
from tests.core.db.test_operations import otherwise
from tests.core.seals.sealing import checked, found
from tests.integrity.conftest import _fill, _opened
from tests.support import world
from tests.support.commands import manage, succeed
from tests.support.corrupting import corrupted
from tests.support.undoing import undone
from tests.support.verifying import findings

pytestmark = pytest.mark.postgresql("tampers in its words; tests/core/seals runs everywhere")


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Tenant:
    with django_db_blocker.unblock():
        tenant = _opened("sealed")
        with tenant_scope(tenant.id):
            _seal_three_times()
    return tenant


@pytest.fixture
def chain(filled: Tenant, transactional_db: None) -> Iterator[Tenant]:
    """Books in scope that were sealed three times; the last seal covers only what the one before it wrote."""
    with tenant_scope(filled.id):
        yield filled


def _seal_three_times() -> None:
    _fill()
    world.ingest(world.event("bad", time="2026-01-02T00:00:00Z", n="many"))
    assert services.make(actor=world.TESTER)
    world.bill("2026-05-01")
    assert services.make(actor=world.TESTER)
    assert services.make(actor=world.TESTER, even_if_empty=True)


def _first(table: str, *, key: str = "id") -> str:
    """The id of the row that arrived first."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key} FROM {table} WHERE tenant_id = %s ORDER BY arrival, {key}", [tenant_id()])
        return str(cursor.fetchone()[0])


def test_untouched_books_have_no_findings(chain: Tenant) -> None:
    assert checked().findings == ()
    assert checked().counted == sum(Seal.objects.values_list("rows", flat=True)) > 400


def _columns() -> list[tuple[str, str, str, str]]:
    """(table, its id's column, column, type) of everything that seals cover, but the ids and the tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, column_name, udt_name FROM information_schema.columns")
        types = {(table, column): kind for table, column, kind in cursor.fetchall()}
    return [
        (table, columns[0][0], name, types[table, name])
        for table, columns in sealed().items()
        for name, _ in columns[1:]
        if name != "tenant_id"
    ]


#: What a check of a table's own thinks of a changed value is beside the point here.
_DROP_CHECKS = """
DO $$ DECLARE held record; BEGIN
    FOR held IN
        SELECT CASE conrelid WHEN 0 THEN 'DOMAIN ' || contypid::regtype ELSE 'TABLE ' || conrelid::regclass END AS home,
            conname
        FROM pg_constraint WHERE contype = 'c' AND connamespace = current_schema()::regnamespace
    LOOP EXECUTE format('ALTER %s DROP CONSTRAINT %I', held.home, held.conname); END LOOP;
END $$
"""


def test_a_change_of_any_column_of_any_table_is_found_and_the_row_is_named(chain: Tenant) -> None:
    """No byte of it can change (blueprint §13, 2)."""
    rows = {table: _rows(table) for table in sealed()}
    with corrupted(_DROP_CHECKS):
        for table, key, column, kind in _columns():
            if rows[table]:
                with undone(savepoint=True):
                    row = _bend(table, key, column, kind)
                    how = "removed" if column == "arrival" else "changed"  # to beyond the seal
                    assert _told(table) == [f"{table} {row}: was {how} since seal"], column
    ledger = {f"ledger_{name}" for name in ("accountingperiod", "expiry", "failedtransfer", "pending")}
    unfilled = {table for table in rows if not rows[table]}
    assert unfilled <= {"metering_finding", "billing_rendition", "core_apikey"} | ledger


def _told(table: str) -> list[str]:
    """What the check says of this table alone, without the number of the seal."""
    walk = _Walk(0)
    parts = SealPart.objects.filter(table=table).select_related("seal").order_by("after")
    several = [one for part in parts for one in walk._part(part.seal, part)]
    return [f"{one.subject}: {one.detail.rpartition(' ')[0]}" for one in several]


def _rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [tenant_id()])
        return int(cursor.fetchone()[0])


def _bend(table: str, key: str, column: str, kind: str) -> str:
    """Changes one value of the row that arrived first; which row that is."""
    name = f'"{column}"'
    other = otherwise(column, kind).replace("+ 1", "+ 10000")
    first = f"(SELECT {key} FROM {table} WHERE tenant_id = %s ORDER BY arrival, {key} LIMIT 1)"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE {table} SET {name} = {other} WHERE {key} = {first} RETURNING {key}", [tenant_id()])
        return str(cursor.fetchone()[0])


def _copy(table: str, identity: str, arrival: str) -> str:
    """A statement that adds a row like the first one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        names = [name for (name,) in cursor.fetchall()]
    values = ", ".join({"id": f"'{identity}'", "arrival": arrival}.get(name, name) for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE id = '{_first(table)}'"


NEW = "00000000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("table", ["ledger_transfer", "core_auditrecord", "billing_charge", "contracts_amendmentrow"])
def test_a_removed_row_is_named(chain: Tenant, table: str) -> None:
    row = _first(table)
    with corrupted(f"DELETE FROM {table} WHERE id = '{row}'"):
        assert found() == [f"{table} {row}: was removed since seal 1"]


def test_a_row_added_where_others_are_sealed_is_named(chain: Tenant) -> None:
    with corrupted(_copy("core_message", NEW, "arrival")):
        assert found() == [f"core_message {NEW}: was added behind seal 1"]


def test_a_row_added_where_a_seal_found_none_is_named(chain: Tenant) -> None:
    cut = Seal.objects.get(number=3).cut
    with corrupted(_copy("ledger_transfer", NEW, str(cut))):
        assert found() == [f"ledger_transfer {NEW}: was added behind a seal"]


def test_a_row_added_after_the_last_seal_is_the_next_ones(chain: Tenant) -> None:
    with corrupted(_copy("core_message", NEW, "nextval('daybook_arrival')")):
        assert found() == []


@pytest.mark.parametrize(
    "arrival",
    ["0", "-1", "-9223372036854775808", "(SELECT last_value + 1000 FROM daybook_arrival)", "9223372036854775807"],
)
def test_a_row_added_where_no_seal_ever_looks_is_named(chain: Tenant, arrival: str) -> None:
    """It could be changed and removed later, and no seal would know of it."""
    with corrupted(_copy("core_message", NEW, arrival)):
        assert found() == [f"core_message {NEW}: was added where no seal looks"]


def test_rows_that_changed_places_are_named(chain: Tenant) -> None:
    with corrupted(
        f"UPDATE core_auditrecord SET arrival = (SELECT min(arrival) FROM core_auditrecord WHERE tenant_id = "
        f"'{chain.id}') WHERE id = (SELECT id FROM core_auditrecord WHERE tenant_id = '{chain.id}' "
        "ORDER BY arrival OFFSET 8 LIMIT 1)"
    ):
        (told,) = found()
    assert "arrives in another place than when seal 1 was made" in told


OF = "(SELECT id FROM core_seal WHERE number = {number} AND {own})"
#: What is done to the chain, and what is told of it.
BROKEN = [
    ("DELETE FROM core_sealpart WHERE seal_id = {2}; DELETE FROM core_seal WHERE id = {2}", "seal 2: is missing"),
    ("DELETE FROM core_sealpart WHERE seal_id = {3}; DELETE FROM core_seal WHERE id = {3}", "seal 3: was recorded"),
    (
        "DELETE FROM core_sealpart WHERE seal_id IN ({1}, {2}); DELETE FROM core_seal WHERE id IN ({1}, {2})",
        "seals 1 to 2",
    ),
    ("UPDATE core_seal SET made_at = made_at + interval '1 day' WHERE id = {2}", "seal 2: was rewritten"),
    ("UPDATE core_seal SET cut = cut + 1 WHERE id = {3}", "seal 3: was rewritten"),
    ("UPDATE core_seal SET rows = rows - 1 WHERE id = {1}", "seal 1: was rewritten"),
    ("UPDATE core_seal SET digest = repeat('0', 64) WHERE id = {1}", "seal 1: was rewritten"),
    ("UPDATE core_seal SET digest = repeat('0', 64) WHERE id = {1}", "seal 2: does not follow from the seal before it"),
    ("DELETE FROM core_sealpart WHERE seal_id = {1} AND position = 1", "seal 1: was rewritten"),
    ("UPDATE core_sealpart SET digest = repeat('0', 64) WHERE seal_id = {1}", "seal 1: was rewritten"),
    ("UPDATE core_sealpart SET through = through - 1 WHERE seal_id = {2}", "seal 2: was rewritten"),
    ("UPDATE core_sealpart SET columns = columns - 2 WHERE seal_id = {2}", "seal 2: was rewritten"),
    (
        "UPDATE core_sealpart SET leaves = '\\x00' WHERE seal_id = {1} AND \"table\" = 'core_message'",
        "what it states of core_message is not what its rows give",
    ),
    (
        "UPDATE core_sealpart SET leaves = leaves || leaves WHERE seal_id = {1} AND \"table\" = 'ledger_transfer'",
        "what it states of ledger_transfer is not what its rows give",
    ),
]


@pytest.mark.parametrize("statement, told", BROKEN)
def test_a_chain_that_was_tampered_with_is_named(chain: Tenant, statement: str, told: str) -> None:
    own = f"tenant_id = '{chain.id}'"
    for number in (1, 2, 3):
        statement = statement.replace(f"{{{number}}}", OF.format(number=number, own=own))
    with corrupted(*statement.split("; ")):
        assert [line for line in found() if told in line] != [], found()


def test_a_chain_without_seals_is_remembered_by_the_audit_trail(chain: Tenant) -> None:
    with corrupted(
        *(f"DELETE FROM {table} WHERE tenant_id = '{chain.id}'" for table in ("core_sealpart", "core_seal"))
    ):
        assert found() == [f"seal {n}: was recorded in the audit trail, and is gone" for n in (1, 2, 3)]


def test_what_was_erased_keeps_the_chain_whole(chain: Tenant) -> None:
    """Of a party its salted digest is sealed, not the party (billing rules §6.9)."""
    with corrupted(f"UPDATE customers_frozenparty SET salt = '', body = '' WHERE tenant_id = '{chain.id}'"):
        assert found() == []
    with corrupted(f"UPDATE customers_frozenparty SET digest = repeat('0', 64) WHERE tenant_id = '{chain.id}'"):
        assert "customers_frozenparty" in found()[0]


def test_verify_tells_of_it(chain: Tenant) -> None:
    row = _first("metering_event", key="number")
    with corrupted(f"UPDATE metering_event SET body = body || ' ' WHERE number = {row}"):
        (told,) = findings()["core.seals"]
    assert (told.subject, told.detail) == (f"metering_event {row}", "was changed since seal 1")


# The copy that is kept elsewhere


def _copied(chain: Tenant, folder: Path) -> Path:
    file = folder / "seals.json"
    file.write_text(succeed("seals", "--tenant", chain.key, "--json").out)
    return file


def test_the_chain_agrees_with_its_copy_and_with_an_older_one(chain: Tenant, tmp_path: Path) -> None:
    file = _copied(chain, tmp_path)
    assert succeed("verify", "--tenant", chain.key, "--seals", str(file)).out.endswith("everything holds\n")
    older = selectors.read_copy(file.read_bytes())
    assert list(selectors.disagreements(msgspec.structs.replace(older, seals=older.seals[:2]))) == []


def test_the_heads_as_they_are_listed(chain: Tenant) -> None:
    listed = succeed("seals", "--tenant", chain.key)
    assert [seal.digest in listed.out for seal in Seal.objects.all()] == [True] * 3
    kept = succeed("seals", "--tenant", chain.key, "--json").json
    assert kept["tenant"] == chain.key
    assert kept["seals"][0].keys() == {"number", "made_at", "rows", "digest"}


@pytest.mark.parametrize(
    "statement, told",
    [
        ("WHERE number = 3", "seal 3: is gone: the chain was shortened, and ends with seal 2"),
        ("WHERE number = 2", "seal 2: is missing from the chain"),
        ("", "seal 1: is gone: there is no seal left"),
    ],
)
def test_a_shortened_chain_disagrees_with_its_copy(chain: Tenant, tmp_path: Path, statement: str, told: str) -> None:
    file = _copied(chain, tmp_path)
    where = f"{statement or 'WHERE true'} AND tenant_id = '{chain.id}'"
    with corrupted(f"DELETE FROM core_seal {where}"):
        done = manage("verify", "--tenant", chain.key, "--seals", str(file), "--json")
    assert done.code == 1
    (check,) = [one for one in done.json[chain.key] if one["check"] == "core.seal_copies"]
    assert f"{check['findings'][0]['subject']}: {check['findings'][0]['detail']}" == told


def test_a_chain_made_anew_over_other_rows_is_sound_in_itself_and_disagrees_with_its_copy(
    chain: Tenant, tmp_path: Path
) -> None:
    """Whoever may do everything to the database can seal it again; only the copy tells."""
    copy = selectors.read_copy(_copied(chain, tmp_path).read_bytes())
    cut = Seal.objects.get(number=3).cut
    own = f"WHERE tenant_id = '{chain.id}'"
    with corrupted(
        f"DELETE FROM core_sealpart {own}",
        f"DELETE FROM core_seal {own}",
        f"DELETE FROM core_auditrecord {own} AND event = 'seal.made'",
        f"DELETE FROM core_message {own} AND event = 'seal.made'",
        f"UPDATE ledger_transfer SET user_data_64 = 7 {own}",
    ):
        services._make(cut, world.TESTER, even_if_empty=True, progress=lambda *_: None)
        assert found() == []
        first, *gone = selectors.disagreements(copy)
    assert first.detail.startswith("was rewritten: it has made_at ")
    assert [one.subject for one in gone] == ["seal 2", "seal 3"]


def test_no_personal_value_is_sealed(books: Tenant) -> None:
    """What may have to be erased is in no column that a digest covers (billing rules §6.9)."""
    personal: dict[str, Any] = {"name": "Zoe Zimt", "email": "zoe@zimt.example", "tax_ids": ["DE136695976"]}
    address = {"lines": ["Zimtgasse 7"], "city": "Zimthausen", "postcode": "98765", "country": "DE"}
    fee = {"key": "fee", "model": "flat", "amount": "10"}
    world.apply(
        {
            "customers": [world.customer(**personal, address=address)],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("flat", [fee])],
            "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "flat", "start": world.day("2026-01-01")}],
        }
    )
    world.bill("2026-01-01")
    world.apply({"customers": [world.customer(**{**personal, "name": "Zoe Zimt-Zucker"}, address=address)]})
    world.void_invoice("INV-000001")
    world.bill("2026-01-01")
    secrets = ["Zimt", "zimt.example", "DE136695976", "98765"]
    assert [(table, secret) for table, text in _sealed_texts() for secret in secrets if secret in text] == []
    assert SealPart.objects.count() == 0


def _sealed_texts() -> Iterator[tuple[str, str]]:
    """Each sealed table with all of its sealed columns as text."""
    for table, columns in sealed().items():
        names = ", ".join(f'"{name}"' for name, _ in columns)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {names} FROM {table} WHERE tenant_id = %s", [tenant_id()])
            yield table, json.dumps(cursor.fetchall(), default=str, ensure_ascii=False)
