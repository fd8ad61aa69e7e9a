"""A rated quantity: what it comes to, and the arithmetic that led there, row by row."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import msgspec

from core.money import PICO, from_pico

ZERO = Fraction(0)
WHOLE = Fraction(1)


class BreakdownRow(msgspec.Struct, frozen=True):
    """One step of the arithmetic: amount = (quantity x unit_amount + flat_amount) x share, exactly.

    `quantity` lies above `start` and up to and including `end` (all three pico-quantities; None: no bound).
    `unit_amount` is a price in major units, never negative; `flat_amount` is in pico-units;
    `share` is the part of the period that the row pays for. `amount` is exact, in major units.
    A row that takes back has a negative quantity and keeps its price, as EN 16931 asks (BR-27).
    """

    start: int | None
    end: int | None
    quantity: int
    unit_amount: Fraction
    flat_amount: int
    amount: Fraction
    share: Fraction = WHOLE


class Rated(msgspec.Struct, frozen=True):
    """`quantity` in pico-units, and the exact `amount` in major units that its rows add up to."""

    quantity: int
    amount: Fraction
    breakdown: tuple[BreakdownRow, ...]


def row(
    *,
    quantity: int,
    unit_amount: Fraction = ZERO,
    flat_amount: int = 0,
    start: int | None = None,
    end: int | None = None,
    share: Fraction = WHOLE,
) -> BreakdownRow:
    """A breakdown row with its amount worked out."""
    usage = Fraction(quantity * unit_amount.numerator, PICO * unit_amount.denominator)
    amount = (usage + from_pico(flat_amount)) * share
    return BreakdownRow(start, end, quantity, unit_amount, flat_amount, amount, share)


def rated(rows: Iterable[BreakdownRow]) -> Rated:
    """What `rows` come to together; rows of nothing are left out."""
    kept = tuple(each for each in rows if each.quantity or each.flat_amount)
    return Rated(
        quantity=sum(each.quantity for each in kept),
        amount=sum((each.amount for each in kept), ZERO),
        breakdown=kept,
    )


def scale(whole: Rated, share: Fraction) -> Rated:
    """The same quantity at the same prices, for `share` of the period that `whole` pays for."""
    if share == WHOLE:
        return whole
    rows = (
        msgspec.structs.replace(each, amount=each.amount * share, share=each.share * share) for each in whole.breakdown
    )
    return rated(rows)


def combine(parts: Iterable[Rated]) -> Rated:
    """The sum of `parts`: rows of one tier, price and share become one row, in the order of their first appearance."""
    return _sum((part, 1) for part in parts)


def difference(after: Rated, before: Rated | None) -> Rated:
    """What `after` adds to `before`, tier by tier: the arithmetic of a difference line.

    Its quantity and amount are exactly after's minus before's; prices stay, quantities may be negative.
    """
    return after if before is None else _sum([(after, 1), (before, -1)])


def _sum(parts: Iterable[tuple[Rated, int]]) -> Rated:
    sums: dict[tuple[int | None, int | None, Fraction, Fraction], tuple[int, int]] = {}
    for each, sign in ((each, sign) for part, sign in parts for each in part.breakdown):
        key = (each.start, each.end, each.unit_amount, each.share)
        quantity, flat_amount = sums.get(key, (0, 0))
        sums[key] = quantity + sign * each.quantity, flat_amount + sign * each.flat_amount
    return rated(
        row(start=start, end=end, quantity=quantity, unit_amount=price, flat_amount=flat_amount, share=share)
        for (start, end, price, share), (quantity, flat_amount) in sums.items()
    )


def readable(moved: Rated) -> Rated:
    """The same amount, where a row is taken back and owed again for another share: as one row for the share between.

    +5 for 16/31 and −5 for the whole read as −5 for 15/31: a negative line has a negative quantity (BR-27).
    """
    rows, done = list(moved.breakdown), list[BreakdownRow]()
    while rows:
        first = rows.pop(0)
        twin = next((one for one in rows if _cancels(first, one)), None)
        if twin is None:
            done.append(first)
            continue
        rows.remove(twin)
        done.append(_between(first, twin))
    return rated(done)


def _cancels(one: BreakdownRow, other: BreakdownRow) -> bool:
    same = (one.start, one.end, one.unit_amount) == (other.start, other.end, other.unit_amount)
    return same and one.quantity == -other.quantity and one.flat_amount == -other.flat_amount


def _between(one: BreakdownRow, other: BreakdownRow) -> BreakdownRow:
    longer = one if one.share > other.share else other
    return row(
        start=one.start,
        end=one.end,
        quantity=longer.quantity,
        unit_amount=one.unit_amount,
        flat_amount=longer.flat_amount,
        share=abs(one.share - other.share),
    )
