"""Rows of a file that can't be taken: each named by row, column and reason, and everything good is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.models import Tenant
from metering import selectors
from metering.models import Event, Quarantined
from tests.support import world
from tests.support.commands import Done, manage


def row(id: str = '"b"', who: str = '"c-01"', at: str = '"2026-01-05T00:00:00Z"', tokens: str = "1") -> str:
    """A line of a file, its values as JSON texts."""
    return f'{{"id": {id}, "who": {who}, "at": {at}, "tokens": {tokens}}}'


#: (a line, the column at fault, what is told about it)
_BAD = [
    (row(tokens="NaN"), "", "not JSON"),
    (row(tokens='"NaN"'), "tokens", "not a number"),
    (row(tokens="1e400"), "tokens", "out of range"),
    (row(tokens="1e400000000"), "tokens", "out of range"),
    (row(tokens='"1e400"'), "tokens", "not a plain decimal"),
    (row(tokens="-0"), "tokens", "negative zero"),
    (row(tokens='"-0.00"'), "tokens", "negative zero"),
    (row(tokens="0.0000000000001"), "tokens", "12 decimals"),
    (row(tokens="9" * 39), "tokens", "out of range"),
    (row(tokens="true"), "tokens", "expected a number"),
    (row(tokens="null"), "tokens", "missing"),
    (row(at='"2026-01-05T00:00:00"'), "at", "no offset"),
    (row(at='"0001-01-01T00:00:00+14:00"'), "at", "not a time that exists"),
    (row(at='"2026-01-05T23:59:60Z"'), "at", "not a time that exists"),
    (row(at="1767571200"), "at", "not an instant"),
    (row(at="null"), "at", "required"),
    (row(who='"c\\u0000"'), "who", "U+0000"),
    (row(who='"c\\ud800"'), "who", "surrogate"),
    (row(who='""'), "who", "required"),
    (row(who='["c-01"]'), "who", "expected a string"),
    (row(id=f'"{"b" * 301}"'), "id", "301 characters"),
    (row(id='"b", "id": "c"'), "", "occurs twice"),
    ("[" * 100_000, "", "nested deeper"),
    (row()[:40], "", "not JSON"),
    ("5", "", "not a JSON object"),
]
_TOLD = 20


_METER = {"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "tokens"}


def import_file(tenant: Tenant, path: Path) -> Done:
    columns = ["--subject-column", "who", "--time-column", "at", "--id-column", "id"]
    named = ["--tenant", tenant.key, "--type", "used", "--source", "file"]
    return manage("import_events", str(path), *named, *columns, "--json")


def test_bad_rows_are_named_and_the_good_ones_kept(books: Tenant, tmp_path: Path) -> None:
    world.apply({"meters": [_METER]})
    lines = [line for number, (bad, _, _) in enumerate(_BAD) for line in (bad, row(id=f'"good-{number}"'))]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    done = import_file(books, path)

    assert done.code == 1
    assert (done.json["accepted"], done.json["rejected"]) == (len(_BAD), len(_BAD))
    assert Event.objects.count() == len(_BAD)
    for kept, (_, _, said) in zip(Quarantined.objects.order_by("position"), _BAD, strict=True):
        assert said in kept.detail
        assert kept.body
    named = [f"row {2 * number + 1}: {f'{column}: ' if column else ''}" for number, (_, column, _) in enumerate(_BAD)]
    assert [name for name in named[:_TOLD] if name not in done.err] == []
    assert f"and {len(_BAD) - _TOLD} more" in done.err


def test_a_file_cut_in_the_middle_of_a_row(books: Tenant, tmp_path: Path) -> None:
    """What is left of the row is refused; the whole file brings the rest, and nothing twice."""
    world.apply({"meters": [_METER]})
    whole = "who,at,tokens,id\n" + "".join(f"c-01,2026-01-05T00:00:00Z,{n},e-{n}\n" for n in range(100))
    path = tmp_path / "rows.csv"
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")
    cut = import_file(books, path)
    assert (cut.code, cut.json["rejected"]) == (1, 1)
    assert f"row {cut.json['rows']}: the row has" in cut.err

    path.write_text(whole, encoding="utf-8")
    done = import_file(books, path)
    assert done.code == 0
    assert (done.json["accepted"], done.json["duplicate"]) == (100 - cut.json["accepted"], cut.json["accepted"])
    assert Event.objects.count() == 100


def test_an_unknown_subject_is_kept_and_billed_once_a_customer_claims_it(books: Tenant, tmp_path: Path) -> None:
    """Until then it is visible to whoever asks for unknown subjects."""
    price = {"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.10"}
    book: dict[str, Any] = {
        "customers": [world.customer()],
        "meters": [_METER],
        "products": [{"key": "product", "name": "Product"}],
        "plans": [world.plan("payg", [price])],
        "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "payg", "start": world.day("2026-01-01")}],
    }
    world.apply(book)
    path = tmp_path / "rows.jsonl"
    path.write_text(row(who='"stranger"', tokens="30"), encoding="utf-8")
    assert import_file(books, path).code == 0
    world.bill("2026-02-01")
    assert world.invoices() == []
    assert [(one.subject, one.events) for one in selectors.unknown_subjects()] == [("stranger", 1)]

    world.apply({**book, "customers": [world.customer(subjects=["c-01", "stranger"])]})
    assert selectors.unknown_subjects() == []
    world.bill("2026-03-01")
    assert world.exact() == {"s-01 payg.tokens 01-01": "3"}
