"""A line taken apart: its charges, the arithmetic of each, and the usage events behind them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from billing import explain
from billing.invoicing import view
from core.errors import NotFound
from core.models import Tenant
from tests.billing import small
from tests.billing.small import FEE, TOKENS, use
from tests.support import world
from tests.support.commands import succeed


def _line(number: str, description: str) -> explain.Evidence:
    row = view.invoice(number)
    position = next(one.position for one in row.lines.all() if one.description == description)
    return explain.line(row, position)


def _events(found: explain.Evidence, **more: Any) -> list[str]:
    """Each event as `id quantity`, a voided one so marked."""
    told = [explain.event_json(one, found.price) for one in explain.events(found, **more)]
    return [f"{one['id']} {one['quantity']}{' voided' if one['voided'] else ''}" for one in told]


@pytest.fixture(autouse=True)
def billed(books: Tenant) -> None:
    """January, billed: three events."""
    small.agree(TOKENS, FEE, group_by=["model"])
    for n in (1, 2, 3):
        use(f"e-{n}", n * 10, model="a")
    use("other", 7, model="b")
    world.bill("2026-02-01")


A, B = "Product · Tokens (model: a)", "Product · Tokens (model: b)"


def test_the_first_bill_of_a_key_names_all_its_events() -> None:
    """Of its own dimensions, in the order in which they were recorded."""
    found = _line("INV-000002", A)
    assert not found.changes_only
    assert _events(found) == ["e-1 10", "e-2 20", "e-3 30"]
    assert _events(_line("INV-000002", B)) == ["other 7"]


def test_a_difference_names_only_what_changed_since() -> None:
    """What came late, and what was voided since the document before; not what that one showed already."""
    use("late", 5, model="a")
    world.void("e-2")
    world.bill("2026-03-01")
    found = _line("INV-000003", f"Correction: {A}")
    assert found.changes_only
    assert _events(found) == ["e-2 -20 voided", "late 5"]
    assert [one.n for one in found.charges] == [1]
    # The document before is explained as it was.
    assert _events(_line("INV-000002", A)) == ["e-1 10", "e-2 20", "e-3 30"]


def test_what_came_and_went_between_two_documents_is_in_neither() -> None:
    use("brief", 5, model="a")
    world.void("brief")
    use("late", 5, model="a")
    world.bill("2026-03-01")
    assert _events(_line("INV-000003", f"Late usage: {A}")) == ["late 5"]


def test_a_fee_has_no_events() -> None:
    found = _line("INV-000002", "Product · Fee")
    assert _events(found) == []
    assert not found.changes_only


def test_of_a_voided_document_the_line_still_shows_what_was_charged() -> None:
    world.void_invoice("INV-000002")
    found = _line("INV-000002", A)
    assert [(one.n, one.reverses_id) for one in found.charges] == [(0, None)]
    assert _events(found) == ["e-1 10", "e-2 20", "e-3 30"]


def test_where_its_time_changed_a_line_names_what_fell_out_of_it(books: Tenant) -> None:
    """The subscription ends before; what stayed in the shorter time is not listed."""
    use("moved", 3, on="2026-01-25", model="a")
    world.bill("2026-02-02")
    use("late", 5000, on="2026-01-10", model="a")
    world.change(on="2026-01-20", end=True)
    world.bill("2026-03-01")
    found = _line("INV-000003", f"Late usage: {A}")
    assert found.changes_only
    assert (_events(found, sign=1), _events(found, sign=-1)) == (["late 5000"], [])


def test_events_come_in_pages_after_a_number() -> None:
    found = _line("INV-000002", A)
    first, *_ = explain.events(found)
    assert _events(found, after=first.number) == ["e-2 20", "e-3 30"]


def test_the_line_and_its_charges_are_told_with_their_evidence() -> None:
    row = view.invoice("INV-000002")
    found = _line("INV-000002", A)
    told = explain.as_json(found, view.document(row))
    assert (told["invoice"], told["position"], told["events_are"]) == ("INV-000002", found.position, "all")
    assert told["line"]["description"] == A
    (charge,) = told["charges"]
    assert (charge["n"], charge["amount"], charge["quantity_after"]) == (0, "6.000000000000", "60")
    assert (charge["events_after"], charge["late"], charge["transfer"]) == (3, False, str(found.charges[0].id))


def test_an_events_amount_is_its_exact_product_where_each_unit_has_one_price() -> None:
    found = _line("INV-000002", A)
    event, *_ = explain.events(found)
    told = explain.event_json(event, found.price)
    assert (told["time"], told["subject"], told["source"]) == ("2026-01-10T12:00:00Z", "c-01", "tests")
    assert (told["value"], told["quantity"], told["amount"]) == ("10", "10", "1")
    assert (told["change"], told["voided"]) == ("added", False)


def test_the_command_shows_added_and_taken_away_apart_and_no_empty_column(books: Tenant) -> None:
    use("late", 5, model="a")
    world.void("e-2")
    world.bill("2026-03-01")
    found = _line("INV-000003", f"Correction: {A}")
    asked = ("explain", "INV-000003", str(found.position), "--tenant", books.key)
    told = succeed(*asked).out
    _, added, taken = re.split("(?:Added|Taken away) since the earlier document", told)
    assert [("late" in part, "e-2" in part) for part in (added, taken)] == [(True, False), (False, True)]
    assert ("voided" in added, "quantity" in added) == (False, False)
    assert ("voided" in taken, "-20" in taken) == (True, True)
    listed = succeed(*asked, "--json").json
    assert [[one["id"] for one in listed[name]] for name in ("events", "taken_away")] == [["late"], ["e-2"]]


@pytest.mark.parametrize("position", [0, 4, -1, 99])
def test_a_line_that_there_is_not_is_told(position: int) -> None:
    with pytest.raises(NotFound, match=f"INV-000002 has no line {position}") as refused:
        explain.line(view.invoice("INV-000002"), position)
    assert refused.value.field == "line"
