"""Amounts as integers of pico-units: reading and refusing, writing, rounding, splitting."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    LARGEST,
    PICO,
    AmountRefused,
    Rounding,
    check_range,
    format_exact,
    format_pico,
    from_pico,
    parse_exact,
    parse_pico,
    round_half,
    round_to_minor,
    split,
    to_pico,
)

SMALLEST = -LARGEST - 1
#: 2**127 - 1 pico-units as a decimal: 39 digits, 27 of them whole units.
LARGEST_TEXT = "170141183460469231731687303.715884105727"
SMALLEST_TEXT = "-170141183460469231731687303.715884105728"


@pytest.mark.parametrize(
    "text, pico",
    [
        ("0", 0),
        ("+0", 0),
        ("0.000000000000", 0),
        ("9.99", 9_990_000_000_000),
        ("-12.5", -12_500_000_000_000),
        ("+12.5", 12_500_000_000_000),
        ("007", 7 * PICO),
        ("0.000000000001", 1),
        ("-0.000000000001", -1),
        ("1.0000000000010000000", PICO + 1),
        (LARGEST_TEXT, LARGEST),
        (SMALLEST_TEXT, SMALLEST),
        (7, 7 * PICO),
        (0, 0),
        (-3, -3 * PICO),
        (Decimal("9.990"), 9_990_000_000_000),
        (Decimal("1E+3"), 1000 * PICO),
        (Decimal("1E-12"), 1),
        (Decimal("0E+5"), 0),
        (Decimal(LARGEST_TEXT), LARGEST),
    ],
)
def test_a_plain_decimal_is_read_to_the_last_place(text, pico):
    """Twelve decimals and 128 bits, nothing lost on the way."""
    assert parse_pico(text) == pico


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "nan",
        "sNaN",
        "-NaN",
        "nan123",
        "Infinity",
        "inf",
        "-inf",
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
    ],
)
@pytest.mark.parametrize("read", [parse_pico, parse_exact])
def test_what_is_no_number_is_called_so(read, text):
    """NaN and infinity are refused by name, in every spelling that Python or JSON libraries write."""
    with pytest.raises(AmountRefused, match="not a number"):
        read(text)


@pytest.mark.parametrize(
    "text",
    ["-0", "-0.0", "-000", "-0.0000000000000", "-0." + "0" * 300, Decimal("-0"), Decimal("-0.00"), Decimal("-0E+5")],
)
@pytest.mark.parametrize("read", [parse_pico, parse_exact])
def test_negative_zero_is_refused(read, text):
    """It would be a second zero, with a text and a digest of its own."""
    with pytest.raises(AmountRefused, match="negative zero"):
        read(text)


@pytest.mark.parametrize(
    "text",
    ["0.0000000000001", "-0.0000000000001", "1.0000000000005", "0." + "9" * 13, Decimal("1E-13"), Decimal("1E-190")],
)
def test_a_thirteenth_decimal_is_refused(text):
    """Amounts are never rounded while they are read."""
    with pytest.raises(AmountRefused, match="more than 12 decimals"):
        parse_pico(text)


@pytest.mark.parametrize(
    "text",
    [
        "170141183460469231731687303.715884105728",
        "-170141183460469231731687303.715884105729",
        "9" * 39,
        "9" * 400,
        10**39,
        pytest.param(-(10**5000), id="five thousand digits"),
        Decimal("1E+28"),
        Decimal("1E+400"),
        Decimal("1E+999999"),
        Decimal("-1E+999999"),
    ],
)
@pytest.mark.parametrize("read", [parse_pico, parse_exact])
def test_what_128_bits_cannot_hold_is_refused(read, text):
    """Out of range, said without first writing out a million digits."""
    with pytest.raises(AmountRefused, match="out of range"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "-",
        ".",
        "1.",
        ".5",
        "1e400",
        "1E3",
        "1e-3",
        "1_000",
        "1,000",
        "1,5",
        " 1 ",
        "1 ",
        "1\n",
        "\t1",
        "1\x00",
        "--1",
        "+-1",
        "0x10",
        "1/3",
        "$5",
        "１２",  # full-width digits
        "١٢",  # Arabic-Indic digits
        "²",
        "−5",  # a minus sign that is not a hyphen
        "1.2.3",
        "None",
        "true",
    ],
)
@pytest.mark.parametrize("read", [parse_pico, parse_exact])
def test_other_ways_of_writing_are_refused(read, text):
    """Only ASCII digits, one point between digits, one sign in front."""
    with pytest.raises(AmountRefused, match=r"not a plain decimal such as 12\.50"):
        read(text)


@pytest.mark.parametrize("read", [parse_pico, parse_exact])
@pytest.mark.parametrize("value", [1.5, 0.0, float("nan"), True, False, None, b"1", [1], Fraction(1, 2), 1j])
def test_only_text_integers_and_decimals_are_read(read, value):
    """No float is an amount, and no truth value is a one."""
    with pytest.raises(AmountRefused, match="expected a decimal, not"):
        read(value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1" * 401, id="ones"),
        pytest.param("0" * 401, id="zeros"),
        pytest.param("9" * 1_000_000, id="a million nines"),
        pytest.param("x" * 1_000_000, id="a million letters"),
        pytest.param(Decimal("0." + "1" * 500), id="decimal"),
    ],
)
@pytest.mark.parametrize("read", [parse_pico, parse_exact])
def test_endless_text_is_refused_before_any_arithmetic(read, text):
    """The refusal shows the beginning only."""
    with pytest.raises(AmountRefused) as refused:
        read(text)

    assert len(refused.value.detail) < 120


def test_a_refusal_names_its_code_and_field():
    """Programs tell refusals apart by the code, people find the place by the field."""
    with pytest.raises(AmountRefused) as refused:
        parse_pico("1e3", field="prices[0].amount")

    assert (refused.value.code, refused.value.field) == ("invalid_amount", "prices[0].amount")


@pytest.mark.parametrize(
    "text, exact",
    [
        ("0.0000020", Fraction(1, 500_000)),
        ("0.0000000000000015", Fraction(15, 10**16)),
        ("-1.5", Fraction(-3, 2)),
        ("0." + "0" * 200 + "1", Fraction(1, 10**201)),
        (3, Fraction(3)),
        (Decimal("1E-20"), Fraction(1, 10**20)),
        (LARGEST_TEXT, Fraction(LARGEST, PICO)),
        (SMALLEST_TEXT, Fraction(SMALLEST, PICO)),
    ],
)
def test_a_unit_price_may_have_any_number_of_decimals(text, exact):
    """Exactly what is written; the limit of twelve decimals is for amounts and quantities."""
    assert parse_exact(text) == exact


@pytest.mark.parametrize("pico", [LARGEST + 1, SMALLEST - 1, 10**60])
def test_the_range_is_a_signed_128_bit_integer(pico):
    """Its two ends are inside."""
    assert check_range(LARGEST) == LARGEST
    assert check_range(SMALLEST) == SMALLEST
    with pytest.raises(AmountRefused, match="out of range"):
        check_range(pico)


@pytest.mark.parametrize(
    "pico, places, text",
    [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (9_990_000_000_000, 0, "9.99"),
        (9_900_000_000_000, 2, "9.90"),
        (9_990_000_000_000, 3, "9.990"),
        (9_990_000_000_001, 2, "9.990000000001"),
        (-1, 0, "-0.000000000001"),
        (-5 * PICO, 2, "-5.00"),
        (120 * PICO, 0, "120"),
        (PICO, 12, "1.000000000000"),
        (LARGEST, 0, LARGEST_TEXT),
        (SMALLEST, 0, SMALLEST_TEXT),
    ],
)
def test_an_amount_is_written_plainly(pico, places, text):
    """No exponent, no needless zeros beyond the places asked for."""
    assert format_pico(pico, places=places) == text


@pytest.mark.parametrize(
    "exact, text",
    [
        (Fraction(0), "0"),
        (Fraction(5), "5"),
        (Fraction(-120), "-120"),
        (Fraction(1, 20), "0.05"),
        (Fraction(-3, 8), "-0.375"),
        (Fraction(1, 2**20), "0.00000095367431640625"),
        (Fraction(1, 10**16), "0.0000000000000001"),
        (Fraction(1001, 1000), "1.001"),
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(-2, 3), "-0.666666666667"),
        (Fraction(-1, 3 * 10**12), "0"),
    ],
)
def test_an_exact_value_is_written_whole_where_it_ends(exact, text):
    """All decimals where they end; else twelve, half-even, and never a negative zero."""
    assert format_exact(exact) == text


@pytest.mark.parametrize(
    "value, half_even, half_up",
    [
        (Fraction(1, 2), 0, 1),
        (Fraction(3, 2), 2, 2),
        (Fraction(5, 2), 2, 3),
        (Fraction(-1, 2), 0, -1),
        (Fraction(-3, 2), -2, -2),
        (Fraction(-5, 2), -2, -3),
        (Fraction(49, 100), 0, 0),
        (Fraction(51, 100), 1, 1),
        (Fraction(-49, 100), 0, 0),
        (Fraction(-51, 100), -1, -1),
        (Fraction(7), 7, 7),
        (Fraction(0), 0, 0),
        (Fraction(10**40 + 1, 2), 5 * 10**39, 5 * 10**39 + 1),
    ],
)
def test_a_tie_goes_to_the_even_one_or_away_from_zero(value, half_even, half_up):
    """Only ties differ; the sign does not change the distance."""
    assert round_half(value) == half_even
    assert round_half(value, Rounding.HALF_EVEN) == half_even
    assert round_half(value, Rounding.HALF_UP) == half_up


@pytest.mark.parametrize(
    "amount, digits, half_even, half_up",
    [
        ("10.275", 2, "10.28", "10.28"),
        ("10.265", 2, "10.26", "10.27"),
        ("-10.265", 2, "-10.26", "-10.27"),
        ("-10.275", 2, "-10.28", "-10.28"),
        ("0.005", 2, "0", "0.01"),
        ("-0.005", 2, "0", "-0.01"),
        ("0.004999999999", 2, "0", "0"),
        ("0.005000000001", 2, "0.01", "0.01"),
        ("100.5", 0, "100", "101"),
        ("101.5", 0, "102", "102"),
        ("-100.5", 0, "-100", "-101"),
        ("1.2345", 3, "1.234", "1.235"),
        ("0.000000000001", 12, "0.000000000001", "0.000000000001"),
    ],
)
def test_the_minor_unit_is_the_currency_s(amount, digits, half_even, half_up):
    """Two digits for most, none for the yen, three for the dinar."""
    pico = parse_pico(amount)

    assert round_to_minor(pico, digits=digits, rounding=Rounding.HALF_EVEN) == parse_pico(half_even)
    assert round_to_minor(pico, digits=digits, rounding=Rounding.HALF_UP) == parse_pico(half_up)


@pytest.mark.parametrize(
    "exact, pico",
    [
        (Fraction(1, 3), 333_333_333_333),
        (Fraction(1, 2 * PICO), 0),
        (Fraction(3, 2 * PICO), 2),
        (Fraction(-1, 2 * PICO), 0),
        (Fraction(-3, 2 * PICO), -2),
        (Fraction(SMALLEST, PICO), SMALLEST),
    ],
)
def test_a_cumulative_amount_is_set_to_a_pico_half_even(exact, pico):
    """Billing rules §2.4."""
    assert to_pico(exact) == pico


def test_a_cumulative_amount_out_of_range_is_refused():
    """A huge quantity at a huge price is no amount."""
    with pytest.raises(AmountRefused, match="out of range"):
        to_pico(Fraction(LARGEST + 1, PICO))


@pytest.mark.parametrize(
    "amount, weights, parts",
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (100, [0, 1], [0, 100]),
        (5, [3, 3, 1], [2, 2, 1]),
        (1, [1, 1], [1, 0]),
        (0, [2, 1], [0, 0]),
        (7, [5], [7]),
        (10, [1, 2, 4], [1, 3, 6]),
        (LARGEST, [1, 1], [2**126, 2**126 - 1]),
    ],
)
def test_what_is_left_goes_to_the_largest_remainders(amount, weights, parts):
    """The first of equals gets it; a negative amount is split as its positive twin."""
    assert split(amount, weights) == parts


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [3, -1]])
def test_weights_that_share_nothing_are_an_error(weights):
    """A caller without weights has nothing to split by."""
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)


pico_amounts = st.integers(SMALLEST, LARGEST)
roundings = st.sampled_from(list(Rounding))


@given(pico=pico_amounts, places=st.integers(0, 12))
def test_what_is_written_is_read_back(pico, places):
    """format_pico and parse_pico are inverse to each other."""
    assert parse_pico(format_pico(pico, places=places)) == pico


@given(pico=pico_amounts)
def test_a_decimal_is_read_as_its_text(pico):
    """What a database column or a JSON parser hands over means the same."""
    assert parse_pico(Decimal(format_pico(pico))) == pico


@given(digits=st.integers(-(10**30), 10**30), twos=st.integers(0, 60), fives=st.integers(0, 60))
def test_an_exact_value_that_ends_is_read_back(digits, twos, fives):
    """Any denominator of twos and fives ends."""
    exact = Fraction(digits, 2**twos * 5**fives) % 10**20
    assert parse_exact(format_exact(exact)) == exact
    assert parse_exact(format_exact(-exact)) == -exact


@given(text=st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    """Nothing else ever comes out of reading, and what is read says the same as Python's own decimals."""
    try:
        pico = parse_pico(text)
    except AmountRefused:
        return
    assert from_pico(pico) == Fraction(Decimal(text))


@given(pico=pico_amounts, digits=st.integers(0, 4), rounding=roundings)
def test_rounding_moves_by_half_a_step_at_most(pico, digits, rounding):
    """The result is whole minor units, keeps its sign, and rounding again changes nothing."""
    step = 10 ** (12 - digits)
    rounded = round_to_minor(pico, digits=digits, rounding=rounding)

    assert rounded % step == 0
    assert abs(rounded - pico) * 2 <= step
    assert round_to_minor(-pico, digits=digits, rounding=rounding) == -rounded
    assert round_to_minor(rounded, digits=digits, rounding=rounding) == rounded


@given(
    amount=pico_amounts,
    weights=st.lists(st.integers(0, 10**15), min_size=1, max_size=12).filter(any),
)
def test_splitting_loses_nothing(amount, weights):
    """Parts add up, each is within one unit of its exact share, and no part has the other sign."""
    parts = split(amount, weights)

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert part * amount >= 0
        assert weight or part == 0


@given(amount=pico_amounts, weights=st.lists(st.integers(1, 10**6), min_size=2, max_size=8))
def test_a_larger_weight_never_gets_less(amount, weights):
    """Parts come in the order of their weights."""
    parts = split(amount, weights)

    by_weight = sorted(zip(weights, (abs(part) for part in parts), strict=True))
    assert all(low[1] <= high[1] or low[0] == high[0] for low, high in pairwise(by_weight))
