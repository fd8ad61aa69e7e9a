"""What other engines charge for a quantity, against what Daybook's rating says."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from billing.rating import rate
from billing.rating.lines import Rated
from contracts.prices import PriceTerms
from core.currency import currency
from core.money import Rounding, from_pico, parse_exact, parse_pico, round_to_minor, to_pico
from metering.values import UsageValue
from tests.vectors.charge_terms import range_terms, terms_of, windows_of
from tests.vectors.kit import Case, Rule, cases


def _in_blocks(case: Case) -> bool:
    """Whether a tier prices started blocks of several units, or of parts of a unit."""
    if not case["model"].startswith("block_"):
        return False
    whole = parse_exact(case["quantity"]).denominator == 1
    return not whole or any(tier["block_size"] != "1" for tier in case["params"]["tiers"])


def _is_interim(case: Case) -> bool:
    """Whether OpenMeter bills a part of a period, and a fee or volume tiers with one of its parts only."""
    mode = case.get("line_mode", "single_per_period")
    return (case["model"], mode) == ("volume", "mid_period_split") or (case["model"] == "flat" and "split" in mode)


def _too_fine(case: Case) -> bool:
    phases = [phase["cumulative_quantity"] for phase in case.get("phases", [])]
    quantities = [case["quantity"], *case.get("buckets", []), *phases]
    return any(len(quantity.partition(".")[2]) > 12 for quantity in quantities)


RULES = [
    Rule(
        "percentage prices arrive with a later release",
        lambda case: case["model"] in {"percentage", "graduated_percentage"},
    ),
    Rule(
        "minimum and maximum spend are folds over charges, beside the price, and arrive with a later release",
        lambda case: bool({"minimum_amount", "maximum_amount"} & case["params"].keys()),
    ),
    Rule(
        "a price has one meter: capacity over several is no price model here",
        lambda case: case["model"] == "capacity",
    ),
    Rule("a tier counts units, not the started blocks of its own units", _in_blocks),
    Rule(
        "every started package counts: packages are never rounded down",
        lambda case: case["model"] == "package" and case["params"].get("rounding") == "down",
    ),
    Rule(
        "a tier has no maximum of its own",
        lambda case: any("cap_amount" in tier for tier in case["params"].get("tiers", [])),
    ),
    Rule(
        "the tier reached is that of the quantity rated, not of another quantity",
        lambda case: "tier_selection_quantity" in case,
    ),
    Rule("which interim line of a period shows a fee is for due() to say: rating says how much", _is_interim),
    Rule("quantities with more than 12 decimals are refused", _too_fine),
]


@cases("charge_models", rules=RULES)
def test_charge_model(case: Case) -> None:
    """Daybook's amount is the published one, at every step that the source states."""
    for expected, amount in _comparisons(case):
        assert amount == parse_exact(expected)


def _comparisons(case: Case) -> list[tuple[str, Fraction]]:
    """The figures that the source states, each with ours."""
    total, quantity = case["expected_amount"], parse_pico(case["quantity"])
    match case:
        case {"model": "rounding"}:
            return [(total, _rounded_lines(case))]
        case {"params": {"single_range": single}}:
            return _range(case, single, quantity)
        case {"model": "commitment" | "commitment_overage"}:
            return [(total, _sum(_rate(terms, parse_pico(used)).amount for used, terms in windows_of(case)))]
        case {"buckets": buckets}:
            return [(total, _sum(_rate(terms_of(case), parse_pico(bucket)).amount for bucket in buckets))]
    return _cumulative(case, total, quantity)


def _cumulative(case: Case, total: str, quantity: int) -> list[tuple[str, Fraction]]:
    """A quantity rated at once, or in steps that each add to the step before."""
    match case:
        case {"phases": phases}:
            return [*_phases(case, phases), (total, _shown(case, quantity))]
        case {"prior_quantity": prior, "line_mode": _}:  # OpenMeter: the quantity and amount of the line alone
            return [(total, _added(case, parse_pico(prior) + quantity, parse_pico(prior)))]
        case {"prior_quantity": prior, "expected_incremental_amount": added}:
            return [(total, _shown(case, quantity)), (added, _added(case, quantity, parse_pico(prior)))]
    return [(total, _shown(case, quantity))]


def _phases(case: Case, phases: list[dict[str, str]]) -> list[tuple[str, Fraction]]:
    """What each step of a delta rating books, given the quantity so far."""
    compared, prior = [], None
    for phase in phases:
        so_far = parse_pico(phase["cumulative_quantity"])
        compared.append((phase["expected_amount"], _added(case, so_far, prior)))
        prior = so_far
    return compared


def _range(case: Case, single: dict[str, str], quantity: int) -> list[tuple[str, Fraction]]:
    """What one range of a graduated price adds, in units and in money."""
    terms, start = range_terms(single)
    rows = [row for row in _rate(terms, quantity).breakdown if row.start == to_pico(start)]
    units = from_pico(sum(row.quantity for row in rows))
    return [(case["expected_amount"], _sum(row.amount for row in rows)), (case["expected_units_in_range"], units)]


def _rounded_lines(case: Case) -> Fraction:
    """Lines set to the minor unit one by one, then added up (EN 16931)."""
    params = case["params"]
    lines = params.get("unrounded_line_amounts") or [params["unrounded_amount"]]
    return _sum(_to_minor(case, parse_exact(line)) for line in lines)


def _added(case: Case, quantity: int, prior: int | None) -> Fraction:
    """What a later document shows: the amount so far, less what an earlier one showed."""
    return _shown(case, quantity) - (_shown(case, prior) if prior is not None else 0)


def _shown(case: Case, quantity: int) -> Fraction:
    """The amount so far, exact, or rounded where the peer's figures are (OpenMeter rounds every line)."""
    exact = _rate(terms_of(case), quantity).amount
    rounds = case["params"].get("rounding") == "half_up" or case["source"].startswith("openmeterio")
    return _to_minor(case, exact) if rounds else exact


def _to_minor(case: Case, exact: Fraction) -> Fraction:
    digits = currency(case["params"]["currency"]).digits
    return from_pico(round_to_minor(to_pico(exact), digits=digits, rounding=Rounding.HALF_UP))


def _rate(terms: PriceTerms, quantity: int) -> Rated:
    return rate(terms, UsageValue(quantity=quantity))


def _sum(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0))
