"""`bill`: its result stands before anything is printed, and is read in a few statements."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.management.commands import bill
from billing.models import Invoice, Rendition
from billing.runs.applying import Outcome
from core.models import Tenant
from tests.billing import small
from tests.billing.small import FEE
from tests.support import world


class Told(io.StringIO):
    """Standard output that remembers how many documents were printed by each write."""

    def __init__(self) -> None:
        super().__init__()
        self.printed: set[int] = set()

    def write(self, text: str) -> int:
        self.printed.add(Rendition.objects.count())
        return super().write(text)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_result_is_told_before_documents_are_printed(books: Tenant, as_json: bool) -> None:
    small.agree(FEE)
    told = Told()
    call_command(
        "bill", tenant=books.key, through=world.day("2026-01-01"), json=as_json, stdout=told, stderr=io.StringIO()
    )
    assert "INV-000001" in told.getvalue()
    assert told.printed == {0}
    assert Rendition.objects.count() == 1
    if as_json:
        (one,) = json.loads(told.getvalue())["invoices"]
        assert (one["number"], one["due"]) == ("INV-000001", "310.00")


def test_what_many_documents_leave_to_pay_is_one_question(books: Tenant) -> None:
    small.agree(FEE, customers=[world.customer(f"c-{n:02}") for n in range(1, 4)])
    world.bill("2026-01-01")
    rows = list(Invoice.objects.select_related("payer").order_by("sequence"))
    counts = []
    for several in (rows[:1], rows):
        with CaptureQueriesContext(connection) as asked:
            assert len(bill._as_json(Outcome(invoices=several), preview=False)["invoices"]) == len(several)
        counts.append(len(asked))
    assert counts[0] == counts[1]
