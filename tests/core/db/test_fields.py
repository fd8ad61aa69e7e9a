"""Columns that no database may round."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models
from django.test.utils import isolate_apps

from billing.models import Invoice
from core.access.scope import tenant_id
from core.db.arrivals import COLUMN
from core.db.fields import WideIntegerField
from core.db.transaction import atomic
from core.models import new_id
from core.money import PICO
from payments.services import record_bank_transfer
from tests.support import world
from tests.support.roles import CHECK, NO_NUMBER, on_postgresql, speaking_as, state

LARGEST = 10**39 - 1


@pytest.fixture
def wide(transactional_db: None) -> Iterator[Any]:
    """A model with one such column, in a table that ends with the test."""
    with isolate_apps("core"), speaking_as("DATABASE_OWNER_URL"), atomic():

        class Wide(models.Model):
            amount = WideIntegerField(null=True)  # type: ignore[misc]

            class Meta:
                app_label = "core"

            def __str__(self) -> str:
                return str(self.amount)

        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE core_wide (id serial PRIMARY KEY, amount numeric(39, 0))")
        yield Wide
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE core_wide" if on_postgresql() else "DROP TEMPORARY TABLE core_wide")


@pytest.mark.parametrize("amount", [0, 1, -1, 2**53 + 1, 2**127 - 1, -(2**127), 2**128 - 1, LARGEST, -LARGEST, None])
def test_39_digits_come_back_as_they_went(wide: Any, amount: int | None) -> None:
    wide.objects.create(amount=amount)
    found = wide.objects.get().amount
    assert (found, type(found)) == (amount, type(amount))
    assert wide.objects.filter(amount=amount).exists()


@pytest.mark.parametrize(
    ("value", "whole"),
    [("12", 12), (" -7 ", -7), (Decimal(5), 5), (Decimal("1E+3"), 1000), ("0" * 50, 0), (str(LARGEST), LARGEST)],
)
def test_what_is_whole_is_read(value: object, whole: int) -> None:
    assert WideIntegerField().to_python(value) == whole
    assert WideIntegerField().get_prep_value(value) == whole


@pytest.mark.parametrize(
    "value",
    [
        *(0.5, 1.0, Decimal("0.5"), Decimal("NaN"), Decimal("Infinity"), float("nan")),
        *("0.5", "1e3", "", "-", "--5", "1_000", "²", "１２", "0x10", "9" * 5000),
        *(True, b"5", [5]),
        *(10**39, -(10**39), "1" + "0" * 39),
    ],
)
def test_what_is_not_whole_or_too_long_is_refused_and_never_rounded(value: object) -> None:
    """NUMERIC(39,0) would silently make 1 of 0.5, and store NaN (faults §3)."""
    with pytest.raises(ValidationError):
        WideIntegerField().get_prep_value(value)


#: Where what is owed and what came in is kept; the amounts on documents are copies for lists.
_AMOUNTS = [
    ("billing_charge", "amount"),
    ("ledger_transfer", "amount"),
    ("payments_payment", "amount"),
    ("payments_payment", "applied"),
]


@pytest.fixture
def one_of_each(books: Any) -> None:
    """A row in each table that holds amounts."""
    fee = [{"key": "fee", "model": "flat", "amount": "10"}]
    world.apply(
        {
            "customers": [world.customer()],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("flat", fee)],
            "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "flat", "start": world.day("2026-01-01")}],
        }
    )
    world.bill("2026-01-01")
    record_bank_transfer(
        invoice=Invoice.objects.get(), amount=4 * PICO, on=date(2026, 1, 1), reference="r", actor=world.TESTER
    )


def test_the_database_itself_refuses_what_is_not_a_number(one_of_each: None) -> None:
    """One NaN would turn every sum into NaN, and `NaN >= 0` is true (faults §3)."""
    refused = {(table, column): _copied_with_nan(table, column) for table, column in _AMOUNTS}
    assert refused == dict.fromkeys(_AMOUNTS, CHECK if on_postgresql() else NO_NUMBER)


def _copied_with_nan(table: str, column: str) -> str | None:
    """The SQLSTATE with which the copy of a row is refused whose amount is not a number."""
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    names = [one.name for one in described if one.name != COLUMN]
    values = ", ".join({"id": "%s", column: "'NaN'"}.get(name, quoted(name)) for name in names)
    copying = f"INSERT INTO {table} ({', '.join(map(quoted, names))}) SELECT {values} FROM {table} WHERE tenant_id = %s"
    with pytest.raises(DatabaseError) as error, atomic(), connection.cursor() as cursor:
        cursor.execute(f"{copying} LIMIT 1", [new_id(), tenant_id()])
    return state(error.value)
