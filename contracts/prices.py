"""What a price says: its model and the model's own numbers, read from quoted decimals and written back.

Amounts and quantities are integers of pico-units; prices per unit are exact fractions (`core.money`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import msgspec

from contracts.fields import FieldRefused, MissingField, Readers, bound, flag, pico, read_fields, size, unit_amount
from core.money import format_exact, format_pico

MOST_TIERS = 1000


class Flat(msgspec.Struct, frozen=True, tag_field="model", tag="flat"):
    """A fixed fee for a period."""

    amount: int


class PerUnit(msgspec.Struct, frozen=True, tag_field="model", tag="per_unit"):
    """A price for each unit."""

    unit_amount: Fraction


class Tier(msgspec.Struct, frozen=True):
    """Units above the tier before, up to and including `up_to` pico-units; None has no end.

    `flat_amount` is owed once, as soon as the tier is entered (graduated) or reached (volume).
    """

    up_to: int | None
    unit_amount: Fraction = Fraction(0)
    flat_amount: int = 0


class Graduated(msgspec.Struct, frozen=True, tag_field="model", tag="graduated"):
    """Each tier at its own price. `charge_zero`: the first tier's flat amount is owed at zero usage too."""

    tiers: tuple[Tier, ...]
    charge_zero: bool = True


class Volume(msgspec.Struct, frozen=True, tag_field="model", tag="volume"):
    """Every unit at the tier reached. `charge_zero`: the first tier's flat amount is owed at zero usage too."""

    tiers: tuple[Tier, ...]
    charge_zero: bool = True


class Package(msgspec.Struct, frozen=True, tag_field="model", tag="package"):
    """A price for each started package of `package_size` units, once `free_units` are used up."""

    package_size: int
    amount_per_package: int
    free_units: int = 0


class Committed(msgspec.Struct, frozen=True, tag_field="model", tag="committed"):
    """`amount` buys `included` units, used or not; each unit beyond costs `overage_unit_amount`."""

    included: int
    amount: int
    overage_unit_amount: Fraction


PriceTerms = Flat | PerUnit | Graduated | Volume | Package | Committed


class UnknownModel(FieldRefused):
    code = "unknown_price_model"


class InvalidTiers(FieldRefused):
    code = "invalid_tiers"


class TooManyTiers(FieldRefused):
    code = "too_many_tiers"


def read_terms(model: str, fields: Mapping[str, object], *, path: str) -> PriceTerms:
    """The terms that `fields`, the model's own fields and no others, state.

    Raises FieldRefused or AmountRefused, whose `field` begins with `path`: `prices[0].tiers[1].up_to`.
    """
    if model not in _MODELS:
        raise UnknownModel(f"{model!r} is not one of {', '.join(_MODELS)}", field=f"{path}.model")
    terms, required, optional = _MODELS[model]
    return terms(**read_fields(fields, required, optional, path=path))


def dump_terms(terms: PriceTerms) -> dict[str, object]:
    """`model` and every field as canonical JSON values; without `model`, what read_terms reads."""
    return {"model": terms.__struct_config__.tag, **_dump(terms)}


def _tiers(value: object, path: str) -> tuple[Tier, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidTiers("expected a list of at least one tier", field=path)
    if len(value) > MOST_TIERS:
        raise TooManyTiers(f"has {len(value)} tiers; {MOST_TIERS} is the most", field=path)
    tiers = tuple(_tier(entry, f"{path}[{i}]") for i, entry in enumerate(value))
    _check_bounds(tiers, path)
    return tiers


def _tier(entry: object, path: str) -> Tier:
    values = read_fields(entry, {"up_to": bound}, {"unit_amount": unit_amount, "flat_amount": pico}, path=path)
    if len(values) == 1:
        raise MissingField("a tier has a unit_amount, a flat_amount or both", field=f"{path}.unit_amount")
    return Tier(**values)


def _check_bounds(tiers: tuple[Tier, ...], path: str) -> None:
    below = 0
    for i, tier in enumerate(tiers[:-1]):
        if tier.up_to is None or tier.up_to <= below:
            raise InvalidTiers("must be above the tier before; only the last may be null", field=f"{path}[{i}].up_to")
        below = tier.up_to
    if tiers[-1].up_to is not None:
        raise InvalidTiers("the last tier has no end: write null", field=f"{path}[{len(tiers) - 1}].up_to")


def _dump(terms: PriceTerms | Tier) -> dict[str, object]:
    return {name: _dump_value(getattr(terms, name)) for name in terms.__struct_fields__}


def _dump_value(value: object) -> object:
    match value:
        case None | bool():
            return value
        case int():
            return format_pico(value)
        case Fraction():
            return format_exact(value)
        case tuple():
            return [_dump(tier) for tier in value]
    raise TypeError(f"no price holds {value!r}")


_MODELS: Mapping[str, tuple[Callable[..., PriceTerms], Readers, Readers]] = {
    "flat": (Flat, {"amount": pico}, {}),
    "per_unit": (PerUnit, {"unit_amount": unit_amount}, {}),
    "graduated": (Graduated, {"tiers": _tiers}, {"charge_zero": flag}),
    "volume": (Volume, {"tiers": _tiers}, {"charge_zero": flag}),
    "package": (Package, {"package_size": size, "amount_per_package": pico}, {"free_units": pico}),
    "committed": (Committed, {"included": pico, "amount": pico, "overage_unit_amount": unit_amount}, {}),
}
