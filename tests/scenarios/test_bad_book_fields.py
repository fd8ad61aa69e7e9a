"""Every field of the book file, with another shape and with values that it can't have: refused by its path."""

from __future__ import annotations

import pytest

from core.models import Tenant
from tests.support.full_book import refusals, section_with_value, with_value
from tests.support.tenants import fingerprint

pytestmark = pytest.mark.usefixtures("fresh_books")

_INPUT = "plans[0].prices[0]"
_CALLS = "plans[0].prices[1]"
_BURST = "plans[0].prices[3]"
_LONG = "x" * 301

# Every field with another shape: no text where a list is due, and so on

_TEXTS = {
    "tenant": ["key", "name", "kind", "time_zone"],
    "seller": ["key", "name", "country", "rounding", "series", "email"],
    "customers[1]": ["key", "name", "currency", "kind", "time_zone", "locale", "email"],
    "meters[0]": ["key", "event_type", "aggregation", "name", "unit", "property"],
    "products[0]": ["key", "name"],
    "plans[0]": ["key", "currency", "interval", "name"],
    _INPUT: ["key", "product", "model", "name", "unit", "timing", "proration"],
    "subscriptions[0]": ["key", "customer", "plan", "start", "anchor"],
    "amendments[0]": ["key", "subscription", "effective", "reason"],
}
_TEXTS_OR_NULL = {"seller": ["vat_id"], "customers[1]": ["parent", "bill_to"], _INPUT: ["meter"]}
_LISTS = {
    "customers[1]": ["subjects", "tax_ids"],
    "meters[0]": ["group_by"],
    "products[0]": ["tags"],
    "plans[0]": ["prices"],
    _INPUT: ["tiers"],
    "subscriptions[0]": ["subjects"],
}
_MAPPINGS = {
    **{path: ["metadata"] for path in _TEXTS},
    "seller": ["metadata", "address", "bank"],
    "customers[1]": ["metadata", "address"],
    "meters[0]": ["metadata", "filter"],
    "subscriptions[0]": ["metadata", "quantities"],
    "amendments[0]": ["metadata", "quantities"],
}
_FLAGS = {"customers[1]": ["consolidate"], _INPUT: ["charge_zero"], "amendments[2]": ["end"]}
_WHOLE = {"customers[1]": ["terms_days"], "plans[0]": ["every"]}
_SHAPES: list[tuple[dict[str, list[str]], list[str]]] = [
    (_TEXTS, ["[a]", "{a: b}", "null", "~", ""]),
    (_TEXTS_OR_NULL, ["[a]", "{a: b}"]),
    (_LISTS, ["a", "{a: b}", '"[a]"', "null"]),
    (_MAPPINGS, ["a", "[a]", "null"]),
    (_FLAGS, ["yes", "1", '"true"', "null", "[true]"]),
    (_WHOLE, ["a", '"30"', "30.5", "-1", "3e1", "0x1e", "1_0", "10000000000", "null", "[30]", "NaN", "１２"]),
]
_ALL_SHAPES = [
    (f"{path}.{name}", values) for fields, values in _SHAPES for path, names in fields.items() for name in names
]


@pytest.mark.parametrize(("path", "values"), _ALL_SHAPES, ids=lambda one: one if isinstance(one, str) else "")
def test_another_shape(fresh_books: Tenant, path: str, values: list[str]) -> None:
    assert taken(fresh_books, path, values) == []


def taken(tenant: Tenant, path: str, values: list[str]) -> list[str]:
    """The values that are not refused by that path."""
    alone = not path.startswith(("subscriptions", "amendments"))
    book = section_with_value if alone else with_value
    before = fingerprint()
    found = [value for value in values if not _is_refused(book(tenant, path, value), path)]
    assert fingerprint() == before
    return found


def _is_refused(content: bytes, path: str) -> bool:
    return any((one.field or "").startswith(path) and one.detail for one in refusals(content, dry_run=True))


# Every field with a value that it can't have

_NO_TEXT = ['""', '"  "', '"a\\0b"', '"a\\nb"', f'"{_LONG}"']
_NO_KEY = {
    **{f"{section}.key": _NO_TEXT for section in ("tenant", "seller", "customers[1]", "meters[0]", "products[0]")},
    **{f"{section}.key": _NO_TEXT for section in ("plans[0]", _INPUT, "subscriptions[0]", "amendments[0]")},
}
_NO_NAME = {
    **{f"{section}.name": _NO_TEXT for section in ("tenant", "seller", "customers[1]", "products[0]", "plans[0]")},
    **{f"{section}.name": _NO_TEXT[2:] for section in ("meters[0]", _INPUT)},
    "meters[0].unit": _NO_TEXT[2:],
    f"{_INPUT}.unit": _NO_TEXT[2:],
}
_NO_DAY = [
    "2026-02-30",
    "2026-2-3",
    "1969-12-31",
    "2201-01-01",
    "20260203",
    "2026-W05-1",
    "2026-01-01T00:00:00Z",
    "soon",
]
_NO_COUNTRY = ["Germany", "de", "D", "DEU", "12", "É1"]
_NO_CURRENCY = ["usd", "EURO", "XXX", "DEM", '"US\\0"', "$"]
_NO_ZONE = ["Mars/Olympus", "europe/athens", "../../etc/passwd", "/etc/localtime", "+02:00", '"UTC\\0"', "CEST"]
_NO_AMOUNT = [
    *['"NaN"', '"Infinity"', '"-Infinity"', '"sNaN"', '"1e400"', '"1e2"', '"1E-3"', '"-0"', '"-0.00"', '"-1"'],
    *[
        '"1,000.00"',
        '"1_000"',
        '" 1"',
        '"1 "',
        '""',
        '"."',
        '".5"',
        '"5."',
        '"0x10"',
        '"１２"',
        '"٣"',
        '"1\\0"',
        '"ten"',
    ],
    *['"170141183460469231731687303716"', f'"{"9" * 39}"', f'"{"9" * 500}"'],
    *["49.00", "5", "-5", ".5", "1e3", "NaN", ".nan", ".inf", "1_000", "null", "true", '["1"]', '{a: "1"}'],
]
_THIRTEEN_DECIMALS = '"0.0000000000001"'
_AMOUNTS = [
    *[f"{_CALLS}.package_size", f"{_CALLS}.amount_per_package", f"{_CALLS}.free_units"],
    *[f"{_INPUT}.tiers[0].up_to", f"{_INPUT}.tiers[1].flat_amount", f"{_BURST}.included", f"{_BURST}.amount"],
    *["plans[0].prices[4].amount"],
]
_QUANTITIES = ["subscriptions[0].quantities.seats", "amendments[0].quantities.seats"]
_RATES = [f"{_INPUT}.tiers[0].unit_amount", f"{_BURST}.overage_unit_amount", "plans[0].prices[5].unit_amount"]
_VALUES: dict[str, list[str]] = {
    **_NO_KEY,
    **_NO_NAME,
    **{path: [*_NO_AMOUNT, _THIRTEEN_DECIMALS] for path in _AMOUNTS},
    **{path: _NO_AMOUNT for path in _RATES},  # noqa: C420 - as above
    # The whole book is applied to find these: a few of each kind will do.
    **{path: [*_NO_AMOUNT[::5], _THIRTEEN_DECIMALS] for path in _QUANTITIES},
    "tenant.kind": ["prod", "Live", '"sandbox "'],
    "seller.country": _NO_COUNTRY,
    "seller.vat_id": ["DE136695977", "DE", '"x\\0"', f'"{_LONG}"'],
    "seller.rounding": ["half_down", "HALF_EVEN", "up"],
    "seller.series": [
        "INV-",
        '"INV-{number}-{number}"',
        '"INV-{seq}"',
        '"{number!r}"',
        '"{number.x}"',
        '"\\0{number}"',
    ],
    "seller.email": ['"a\\0@b.example"', '"a\\r\\nBcc: b"', f'"{_LONG}{_LONG}"'],
    "seller.address.lines": ["Street 1", "null", "{a: b}"],
    "seller.address.country": _NO_COUNTRY,
    "seller.bank.iban": ["DE89370400440532013001", "DE", '""'],
    "customers[1].kind": ["robot", "Organization"],
    "customers[1].currency": _NO_CURRENCY,
    "customers[1].time_zone": _NO_ZONE,
    "tenant.time_zone": _NO_ZONE,
    "customers[1].locale": ["xx_YY", "english", '"en\\0"', '""'],
    "customers[1].terms_days": ["3651", "999999999"],
    "customers[1].email": ['"a\\0@b.example"', '"a\\nb"'],
    "customers[1].address.country": _NO_COUNTRY,
    "meters[0].aggregation": ["median", "SUM", '""'],
    "meters[0].event_type": ['""', '"a\\0b"', f'"{_LONG}"'],
    "meters[0].property": ['""', '"a\\0b"', f'"{_LONG}"'],
    "meters[0].group_by": ["[region, region]", '[""]', '["a\\0b"]'],
    "plans[0].currency": _NO_CURRENCY,
    "plans[0].interval": ["fortnight", "Month", '""'],
    "plans[0].every": ["0", "367"],
    "plans[0].prices": ["[]"],
    f"{_INPUT}.model": ["tiered", "Graduated", '""'],
    f"{_INPUT}.timing": ["advance", "later", "Arrears", '""'],
    f"{_INPUT}.proration": ["hour", "Day", '""'],
    f"{_INPUT}.tiers": ["[]"],
    "subscriptions[0].start": _NO_DAY,
    "subscriptions[0].anchor": _NO_DAY,
    "amendments[0].effective": _NO_DAY,
    "amendments[0].reason": ['""', '"  "', '"a\\0b"'],
}
_VALUES[f"{_CALLS}.package_size"] = [*_NO_AMOUNT, _THIRTEEN_DECIMALS, '"0"']


@pytest.mark.parametrize("path", _VALUES)
def test_a_value_that_it_cant_have(fresh_books: Tenant, path: str) -> None:
    assert taken(fresh_books, path, _VALUES[path]) == []
