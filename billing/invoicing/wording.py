"""What a line and the steps of its arithmetic say, for a customer who has never seen the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from billing.invoicing.formats import Reader

#: A row of a line's breakdown in the canonical document: decimal strings, None where there is no bound.
Row = Mapping[str, str | None]


def line_description(
    *,
    product: str,
    price: str,
    kind: str,
    dimensions: Mapping[str, str] | None = None,
    late: bool = False,
    negative: bool = False,
) -> str:
    """ "Language model API · Input tokens (region: eu)", led by what is unusual about it.

    `price` is what the price is called (see `name_of_key`); `kind` is the charge key's.
    A negative fee gives back time that was charged for; anything else negative corrects what was billed.
    """
    named = product if price == product else f"{product} · {price}"
    cells = ", ".join(f"{name}: {value or '(empty)'}" for name, value in sorted((dimensions or {}).items()))
    plain = f"{named} ({cells})" if cells else named
    if negative:
        return f"Credit for unused time: {plain}" if kind == "fee" else f"Correction: {plain}"
    return f"Late usage: {plain}" if late else plain


def name_of_key(key: str) -> str:
    """ "input_tokens" → "Input tokens": what to call a thing that has only a key."""
    words = key.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def counted(quantity: Fraction, unit: str | None, *, reader: Reader) -> str:
    """1500 token → "1,500 tokens"; a quantity without a unit stands alone."""
    shown = reader.number(quantity)
    if not unit:
        return shown
    return f"{shown} {unit if abs(quantity) == 1 else plural(unit)}"


def plural(unit: str) -> str:
    """ "GPU hour" → "GPU hours"; symbols such as GB, kWh, ms or % stay as they are."""
    last = unit.replace("-", " ").split(" ")[-1]
    if len(last) <= 2 or not (last.isascii() and last.isalpha() and last.islower()):
        return unit
    if last.endswith(("ss", "sh", "ch", "x", "z")):
        return f"{unit}es"
    if last.endswith("y") and last[-2] not in "aeiou":
        return f"{unit[:-1]}ies"
    return unit if last.endswith("s") else f"{unit}s"


def breakdown_words(rows: Sequence[Row], *, unit: str | None, reader: Reader, days: int | None = None) -> list[str]:
    """A phrase for each row: "first 1,000 tokens at $0.002 each", "next 500 tokens at $0.001 each".

    `days` is how many calendar days the line's service takes, None where it is no whole days.
    """
    return [tier_words(row, unit=unit, reader=reader, lead=_lead(rows, at), days=days) for at, row in enumerate(rows)]


def tier_words(row: Row, *, unit: str | None, reader: Reader, lead: str = "", days: int | None = None) -> str:
    """One row: "12.5 hours at $3.10 each", "first 100 hours included", "2 packages of 1,000 calls at $0.40 each".

    `lead` places it among its neighbors ("first", "next"); without one, the row names the tier it lies in.
    A row that takes back is worded as what it takes back. One that pays for a share of its period says of how much.
    """
    if exact(row, "package_size") and exact(row, "flat_amount"):
        words = _packages(row, unit, reader)
    elif exact(row, "unit_amount"):
        words = _per_unit(row, unit, reader) + ("" if lead else _tier(row, reader))
    elif exact(row, "flat_amount"):
        words = _fixed(row, unit, reader)
    else:
        words = f"{_things(row, unit, reader)} included"
    return f"{lead} {words}{_proration(row, days)}".lstrip()


def exact(row: Row, name: str) -> Fraction:
    """The row's number of that name; zero where it has none."""
    return Fraction(row.get(name) or 0)


def _things(row: Row, unit: str | None, reader: Reader) -> str:
    return counted(exact(row, "quantity") * _sign(row), unit, reader=reader)


def _per_unit(row: Row, unit: str | None, reader: Reader) -> str:
    each, flat = reader.money(exact(row, "unit_amount")), exact(row, "flat_amount") * _sign(row)
    return f"{_things(row, unit, reader)} at {each} each" + (f", plus {reader.money(flat)}" if flat else "")


def _fixed(row: Row, unit: str | None, reader: Reader) -> str:
    flat = reader.money(exact(row, "flat_amount") * _sign(row))
    if row.get("from") is None:
        return f"fixed amount of {flat}"
    if row.get("to") is None:
        return f"{_things(row, unit, reader)} for {flat} together"
    included = exact(row, "to") - exact(row, "from")
    words = f"{counted(included, unit, reader=reader)} included for {flat}"
    return words if exact(row, "quantity") == included else f"{words}, {_things(row, unit, reader)} used"


def _packages(row: Row, unit: str | None, reader: Reader) -> str:
    price = exact(row, "package_amount")
    packages = counted(exact(row, "flat_amount") * _sign(row) / price, "package", reader=reader)
    return f"{packages} of {counted(exact(row, 'package_size'), unit, reader=reader)} at {reader.money(price)} each"


def _sign(row: Row) -> int:
    """−1 for a row that takes back."""
    quantity = exact(row, "quantity")
    return -1 if quantity < 0 or (quantity == 0 and exact(row, "flat_amount") < 0) else 1


def _lead(rows: Sequence[Row], at: int) -> str:
    row = rows[at]
    if _sign(row) < 0:
        return "taken back:"
    if at and _follows(row, rows[at - 1]):
        return "next" if exact(rows[at - 1], "unit_amount") else "overage:"
    if at + 1 < len(rows) and _follows(rows[at + 1], row):
        return "first"
    return ""


def _follows(row: Row, previous: Row) -> bool:
    bound = previous.get("to")
    return bound is not None and row.get("from") == bound and exact(previous, "quantity") > 0


def _tier(row: Row, reader: Reader) -> str:
    above, up_to = exact(row, "from"), row.get("to")
    bounds = [f"above {reader.number(above)}"] if above else []
    bounds += [f"up to {reader.number(exact(row, 'to'))}"] if up_to is not None else []
    return f" (tier {', '.join(bounds)})" if bounds else ""


def _proration(row: Row, days: int | None) -> str:
    share = exact(row, "share") or Fraction(1)
    if share == 1:
        return ""
    period = Fraction(days or 0) / share
    if days and period.denominator == 1:
        return f" for {days} of {period} days"
    return f" for {share} of the period"
