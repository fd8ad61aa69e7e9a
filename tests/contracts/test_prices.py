"""Reading what a price says, refusing what it can't mean, and writing it back."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given

from contracts.prices import (
    MOST_TIERS,
    Committed,
    Flat,
    Graduated,
    Package,
    PerUnit,
    Tier,
    Volume,
    dump_terms,
    read_terms,
)
from core.errors import InvalidValue, Refusal
from core.money import PICO
from tests.support import price_terms

OPEN = {"up_to": None, "unit_amount": "1"}
TIERS = [{"up_to": "10", "unit_amount": "2"}, OPEN]


@pytest.mark.parametrize(
    "model, fields, terms",
    [
        ("flat", {"amount": "49.00"}, Flat(amount=49 * PICO)),
        ("flat", {"amount": "0"}, Flat(amount=0)),
        ("per_unit", {"unit_amount": "0.0000000000000015"}, PerUnit(unit_amount=Fraction(15, 10**16))),
        (
            "graduated",
            {"tiers": [{"up_to": "1000000", "unit_amount": "0.0000020"}, {"up_to": None, "flat_amount": "5"}]},
            Graduated(
                tiers=(
                    Tier(up_to=1_000_000 * PICO, unit_amount=Fraction(2, 10**6)),
                    Tier(up_to=None, flat_amount=5 * PICO),
                )
            ),
        ),
        (
            "volume",
            {"tiers": [{"up_to": "0.5", "unit_amount": "2", "flat_amount": "1"}, OPEN], "charge_zero": False},
            Volume(
                tiers=(
                    Tier(up_to=PICO // 2, unit_amount=Fraction(2), flat_amount=PICO),
                    Tier(up_to=None, unit_amount=Fraction(1)),
                ),
                charge_zero=False,
            ),
        ),
        (
            "package",
            {"package_size": "1000", "amount_per_package": "0.40", "free_units": "5000"},
            Package(package_size=1000 * PICO, amount_per_package=4 * PICO // 10, free_units=5000 * PICO),
        ),
        (
            "package",
            {"package_size": "1", "amount_per_package": "1"},
            Package(package_size=PICO, amount_per_package=PICO, free_units=0),
        ),
        (
            "committed",
            {"included": "100", "amount": "250.00", "overage_unit_amount": "3.10"},
            Committed(included=100 * PICO, amount=250 * PICO, overage_unit_amount=Fraction(31, 10)),
        ),
    ],
)
def test_terms_are_read_exactly(model, fields, terms):
    """Decimals become integers of pico-units and exact fractions; what is left out takes its default."""
    assert read_terms(model, fields, path="prices[0]") == terms


@pytest.mark.parametrize(
    "model, fields, code, field",
    [
        ("percentage", {"rate": "1"}, "unknown_price_model", "model"),
        ("flat", {"amount": "1", "tiers": TIERS}, "unknown_field", "tiers"),
        ("flat", {}, "missing_field", "amount"),
        ("flat", {"amount": 49}, "unquoted_number", "amount"),
        ("flat", {"amount": 49.5}, "unquoted_number", "amount"),
        ("flat", {"amount": Decimal("49.5")}, "unquoted_number", "amount"),
        ("flat", {"amount": None}, "invalid_field", "amount"),
        ("flat", {"amount": True}, "invalid_field", "amount"),
        ("flat", {"amount": ["1"]}, "invalid_field", "amount"),
        ("flat", {"amount": "1e3"}, "invalid_amount", "amount"),
        ("flat", {"amount": "NaN"}, "invalid_amount", "amount"),
        ("flat", {"amount": "-0"}, "invalid_amount", "amount"),
        ("flat", {"amount": "0.0000000000001"}, "invalid_amount", "amount"),
        ("flat", {"amount": "9" * 28}, "invalid_amount", "amount"),
        ("flat", {"amount": "-1"}, "negative_value", "amount"),
        ("per_unit", {"unit_amount": "-0.01"}, "negative_value", "unit_amount"),
        ("per_unit", {"unit_amount": 2}, "unquoted_number", "unit_amount"),
        ("package", {"package_size": "0", "amount_per_package": "1"}, "invalid_field", "package_size"),
        ("package", {"package_size": "-1", "amount_per_package": "1"}, "negative_value", "package_size"),
        ("package", {"amount_per_package": "1"}, "missing_field", "package_size"),
        (
            "package",
            {"package_size": "1", "amount_per_package": "1", "free_units": "-1"},
            "negative_value",
            "free_units",
        ),
        ("committed", {"included": "1", "amount": "1"}, "missing_field", "overage_unit_amount"),
        (
            "committed",
            {"included": "-1", "amount": "1", "overage_unit_amount": "1"},
            "negative_value",
            "included",
        ),
    ],
)
def test_what_a_price_cannot_mean_is_refused_by_field(model, fields, code, field):
    """The refusal has a stable code, and its field leads to the place in the book."""
    with pytest.raises(InvalidValue) as refused:
        read_terms(model, fields, path="prices[0]")

    assert (refused.value.code, refused.value.field) == (code, f"prices[0].{field}")


@pytest.mark.parametrize("model", ["graduated", "volume"])
@pytest.mark.parametrize(
    "tiers, code, field",
    [
        ([], "invalid_tiers", "tiers"),
        (None, "invalid_tiers", "tiers"),
        ("10", "invalid_tiers", "tiers"),
        ([OPEN, OPEN], "invalid_tiers", "tiers[0].up_to"),
        ([*TIERS, OPEN], "invalid_tiers", "tiers[1].up_to"),
        ([TIERS[0]], "invalid_tiers", "tiers[0].up_to"),
        ([TIERS[0], TIERS[0], OPEN], "invalid_tiers", "tiers[1].up_to"),
        ([TIERS[0], {"up_to": "9.5", "unit_amount": "1"}, OPEN], "invalid_tiers", "tiers[1].up_to"),
        ([{"up_to": "0", "unit_amount": "1"}, OPEN], "invalid_field", "tiers[0].up_to"),
        ([{"up_to": "-5", "unit_amount": "1"}, OPEN], "negative_value", "tiers[0].up_to"),
        ([{"up_to": 10, "unit_amount": "1"}, OPEN], "unquoted_number", "tiers[0].up_to"),
        ([TIERS[0], {"unit_amount": "1"}], "missing_field", "tiers[1].up_to"),
        ([{"up_to": None}], "missing_field", "tiers[0].unit_amount"),
        ([{"up_to": None, "unit_amount": 0.5}], "unquoted_number", "tiers[0].unit_amount"),
        ([{"up_to": None, "unit_amount": "-1"}], "negative_value", "tiers[0].unit_amount"),
        ([{"up_to": None, "flat_amount": "-1"}], "negative_value", "tiers[0].flat_amount"),
        ([{"up_to": None, "amount": "1"}], "unknown_field", "tiers[0].amount"),
        (["10"], "invalid_field", "tiers[0]"),
        ([*({"up_to": str(n + 1), "unit_amount": "1"} for n in range(MOST_TIERS)), OPEN], "too_many_tiers", "tiers"),
    ],
)
def test_tiers_rise_from_zero_and_end_open(model, tiers, code, field):
    """Bounds are positive and strictly rising; the last tier, and only the last, says null."""
    with pytest.raises(Refusal) as refused:
        read_terms(model, {"tiers": tiers}, path="prices[0]")

    assert (refused.value.code, refused.value.field) == (code, f"prices[0].{field}")


def test_as_many_tiers_as_allowed():
    """The limit itself is allowed."""
    tiers = [{"up_to": str(n), "unit_amount": "1"} for n in range(1, MOST_TIERS)]

    terms = read_terms("graduated", {"tiers": [*tiers, OPEN]}, path="price")

    assert isinstance(terms, Graduated)
    assert len(terms.tiers) == MOST_TIERS


@pytest.mark.parametrize("value", ["yes", 1, None, "false"])
def test_charge_zero_is_true_or_false(value):
    """A word or a number that looks like a truth value is refused."""
    with pytest.raises(InvalidValue) as refused:
        read_terms("volume", {"tiers": [OPEN], "charge_zero": value}, path="price")

    assert refused.value.field == "price.charge_zero"


def test_an_unquoted_number_is_told_how_to_be_written():
    """The sentence shows the quoted form."""
    with pytest.raises(InvalidValue, match=r'quote it: "49\.5"'):
        read_terms("flat", {"amount": 49.5}, path="price")


def test_terms_are_dumped_in_one_form():
    """However a decimal was written, its dumped form is the same: plain, without needless zeros."""
    fields = {"tiers": [{"up_to": "1000.000", "unit_amount": "0.0000020"}, {"up_to": None, "flat_amount": "+5.00"}]}

    assert dump_terms(read_terms("graduated", fields, path="price")) == {
        "model": "graduated",
        "tiers": [
            {"up_to": "1000", "unit_amount": "0.000002", "flat_amount": "0"},
            {"up_to": None, "unit_amount": "0", "flat_amount": "5"},
        ],
        "charge_zero": True,
    }


@given(terms=price_terms.terms)
def test_what_is_dumped_is_read_back(terms):
    """dump_terms and read_terms are inverse to each other."""
    fields = dump_terms(terms)
    model = str(fields.pop("model"))

    assert read_terms(model, fields, path="price") == terms
