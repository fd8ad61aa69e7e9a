"""How the peers state a price, said in Daybook's terms."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from contracts.prices import PriceTerms, read_terms
from core.money import PICO, format_exact, parse_exact
from tests.vectors.kit import Case

ENDLESS = {"up_to": None, "unit_amount": "0"}


def terms_of(case: Case) -> PriceTerms:
    """The price of a vector whose amount is one rating of one quantity."""
    params = case["params"]
    match case["model"]:
        case "flat":
            return _read("flat", amount=params["amount"])
        case "standard":
            return _read("per_unit", unit_amount=params["unit_amount"])
        case "dynamic":  # the quantity is money already; the multiplier is its price
            return _read("per_unit", unit_amount=params["multiplier"])
        case "package":
            return _read("package", **_pick(params, "package_size", "amount_per_package", "free_units"))
    model = "volume" if case["model"].endswith("volume") else "graduated"
    # Flexprice charges nothing at zero usage.
    charge_zero = not case["source"].lower().startswith("flexprice")
    return _read(model, tiers=_tiers(params["tiers"]), charge_zero=charge_zero)


def range_terms(single: dict[str, Any]) -> tuple[PriceTerms, Fraction]:
    """Graduated terms in which one range of a Lago price has a price, and where that range starts.

    Lago writes a range of whole units from its first unit (11-20), adjacent ranges from the bound before.
    """
    start = parse_exact(str(single["from_value"]))
    start -= 1 if start and not single.get("adjacent") else 0
    end = single.get("to_value")
    own = {"up_to": None if end is None else str(end), **_pick(single, "unit_amount", "flat_amount")}
    below = [{"up_to": format_exact(start), "unit_amount": "0"}] if start else []
    return _read("graduated", tiers=[*below, own, *([] if end is None else [ENDLESS])]), start


def windows_of(case: Case) -> Iterator[tuple[str, PriceTerms]]:
    """Each window of a commitment: its quantity and its price.

    Up to the commitment units cost the list price, beyond it the price times a factor. With a true-up
    the commitment is owed whole, which is our committed price; without one these are two tiers.
    """
    for window in case.get("windows") or case["params"].get("windows") or _uniform(case):
        unit_amount = parse_exact(window["unit_amount"])
        included = _included(window, unit_amount)
        if included is None:
            yield window["quantity"], _read("per_unit", unit_amount=window["unit_amount"])
            continue
        beyond = format_exact(unit_amount * parse_exact(window["overage_factor"]))
        quantity, amount = format_exact(included), format_exact(included * unit_amount)
        if window["true_up"]:
            yield window["quantity"], _read("committed", included=quantity, amount=amount, overage_unit_amount=beyond)
        else:
            first = {"up_to": quantity, "unit_amount": window["unit_amount"]}
            yield window["quantity"], _read("graduated", tiers=[first, {"up_to": None, "unit_amount": beyond}])


def _uniform(case: Case) -> Iterator[dict[str, Any]]:
    commitment = {**case["params"], "commitment_amount": case["params"]["window_minimum_amount"]}
    yield from ({**commitment, "quantity": bucket} for bucket in case["buckets"])


def _included(window: dict[str, Any], unit_amount: Fraction) -> Fraction | None:
    """The committed quantity, stated as such or as what its amount buys at the list price."""
    if window.get("commitment") is not None:
        return parse_exact(window["commitment"])
    if window.get("commitment_amount") is None:
        return None
    included = parse_exact(window["commitment_amount"]) / unit_amount
    assert PICO % included.denominator == 0, "the commitment buys a quantity that 12 decimals can't state"
    return included


def _tiers(tiers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Our tiers; above the bound of a last tier, where it has one, the last tier goes on (Kill Bill)."""
    ours = [_pick(tier, "up_to", "unit_amount", "flat_amount") for tier in tiers]
    return [*ours[:-1], {**ours[-1], "up_to": None}]


def _pick(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _read(model: str, **fields: Any) -> PriceTerms:
    return read_terms(model, fields, path="params")
