"""Quantities that an agreement states, such as seats, and that prices of its plan multiply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts import selectors
from contracts.terms import terms_at
from contracts.values import Amendment, Change
from core.errors import InvalidValue, Refusal
from core.money import AmountRefused, parse_pico
from customers import checks


class QuantityMissing(Refusal):
    """A price of the plan multiplies a quantity that nobody stated."""

    code = "quantity_missing"


class QuantityRefused(Refusal):
    """Text that isn't a quantity we can hold exactly."""

    code = "invalid_quantity"


class QuantityUnknown(Refusal):
    """No price of the plan multiplies a quantity of that name."""

    code = "quantity_unknown"


def read_quantities(values: Mapping[str, Any], *, field: str = "quantities") -> dict[str, int]:
    """Pico-quantities by name. Raises a Refusal naming the entry."""
    return named_quantities({name: _quantity(value, f"{field}.{name}") for name, value in values.items()}, field=field)


def named_quantities(quantities: Mapping[str, int], *, field: str = "quantities") -> dict[str, int]:
    """The same of pico-quantities."""
    for name, quantity in quantities.items():
        checks.text(name, field=field, longest=120)
        if quantity < 0:
            raise InvalidValue("must not be negative", field=f"{field}.{name}")
    return dict(quantities)


def _quantity(value: Any, field: str) -> int:
    try:
        return parse_pico(value, field=field)
    except AmountRefused as refusal:
        raise QuantityRefused(refusal.detail, field=field) from None


def require_stated(amendments: Sequence[Amendment]) -> None:
    """Raises QuantityMissing where a price in force multiplies what nobody stated."""
    prices = selectors.prices_of(one.change.plan_version for one in amendments if one.change.plan_version)
    for amendment in amendments:
        terms = terms_at(amendments, amendment.effective_at)
        for price in prices[terms.plan_version] if terms else ():
            if price.quantity_name and terms and price.quantity_name not in terms.quantities:
                raise QuantityMissing(
                    f"the price {price.key!r} needs it from {amendment.effective_at.isoformat()} on",
                    field=f"quantities.{price.quantity_name}",
                )


def require_known(change: Change, amendments: Sequence[Amendment]) -> None:
    """Raises QuantityUnknown for a name that nobody stated before and no price multiplies: a slip of the pen."""
    versions = {one.change.plan_version for one in amendments} | {change.plan_version}
    prices = selectors.prices_of(version for version in versions if version)
    multiplied = {price.quantity_name for several in prices.values() for price in several if price.quantity_name}
    known = sorted(multiplied | {name for one in amendments for name in one.change.quantities})
    for name in change.quantities:
        if name not in known:
            raise QuantityUnknown(
                f"no price multiplies it, and it was not stated before; known: {', '.join(known) or 'none'}",
                field=f"quantities.{name}",
            )
