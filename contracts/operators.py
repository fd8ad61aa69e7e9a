"""What contracts add to the console's pages, and how agreements are put in words there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import chain, pairwise
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from contracts.models import AmendmentRow, Plan, PlanVersion, Price, Product, Subscription
from contracts.prices import Committed, Flat, Graduated, Package, PerUnit, PriceTerms, Tier, Volume
from contracts.selectors import change_of, price_facts
from core import clock
from core.console.finding import by_id, by_key, finder
from core.console.panels import panel
from core.console.shown import grouped, instant, link, plain_money, state, table
from core.currency import currency
from core.money import format_exact, format_pico
from customers.models import Customer

_SHOWN = 100
_CYCLES = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}


def rhythm(interval: str, every: int) -> str:
    """ "monthly", "every 3 months"."""
    return _CYCLES.get(interval, interval) if every == 1 else f"every {every} {interval}s"


def multiplied(price: Price) -> str:
    """What the price multiplies: usage by a meter, an agreed quantity, or nothing."""
    if price.meter is not None:
        return f"usage by {price.meter.key}"
    return f"agreed {price.quantity_name}" if price.quantity_name else "nothing: a fixed fee"


def change_in_words(paper: AmendmentRow) -> str:
    """ "plan Scale v2, seats 8"."""
    change = change_of(paper)
    parts = []
    if change.plan_version is not None:
        version = PlanVersion.objects.select_related("plan").filter(pk=change.plan_version).first()
        parts.append(f"plan {version or change.plan_version}")
    parts += [f"{name} {grouped(format_pico(quantity))}" for name, quantity in sorted(change.quantities.items())]
    return ", ".join([*parts, "the end"] if change.end else parts)


def terms_in_words(price: Price) -> str:
    """The figures of a price as a sentence."""
    return _words(price_facts(price).terms, price.version.plan.currency, price.unit or "unit")


def _words(terms: PriceTerms, code: str, unit: str) -> str:
    def each(amount: Fraction) -> str:
        return f"{_exact_money(amount, code)} per {unit}"

    match terms:
        case Flat():
            return f"{plain_money(terms.amount, code)} a period"
        case PerUnit():
            return each(terms.unit_amount)
        case Graduated():
            return f"{_tiers(terms.tiers, code, each)}; each tier at its own price"
        case Volume():
            return f"{_tiers(terms.tiers, code, each)}; all units at the tier reached"
        case Package():
            free = f" after {grouped(format_pico(terms.free_units))} free" if terms.free_units else ""
            size = grouped(format_pico(terms.package_size))
            return f"{plain_money(terms.amount_per_package, code)} for each started {size}{free}"
        case Committed():
            included = grouped(format_pico(terms.included))
            return f"{plain_money(terms.amount, code)} for {included}, then {each(terms.overage_unit_amount)}"


def _exact_money(amount: Fraction, code: str) -> str:
    """With the currency's decimals at least, and all that a unit price has."""
    whole, _, part = format_exact(amount).partition(".")
    padded = part.ljust(currency(code).digits, "0")
    return f"{code} {grouped(f'{whole}.{padded}' if padded else whole)}"


def _tiers(tiers: Iterable[Tier], code: str, each: Callable[[Fraction], str]) -> str:
    words = []
    for tier in tiers:
        price = each(tier.unit_amount)
        if tier.flat_amount:
            price += f" and {plain_money(tier.flat_amount, code)}"
        words.append(f"up to {grouped(format_pico(tier.up_to))}: {price}" if tier.up_to else f"beyond: {price}")
    return ", ".join(words)


@finder(order=30)
def found(text: str) -> Iterable[Model]:
    models = (Subscription, Plan, Product, AmendmentRow)
    return chain(by_key(text, *models), by_id(text, *models, PlanVersion, Price))


@panel("customers.customer", order=10, title="Subscriptions")
def subscriptions(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    rows = []
    for one in Subscription.objects.filter(customer=customer).order_by("key")[:_SHOWN]:
        papers = list(one.amendments.order_by("number"))
        rows.append([link(one), _state(papers), rhythm(one.interval, one.every), one.start_on, _latest(papers)])
    empty = "There is none yet: declare one in the book file."
    return table(["Subscription", "", "Billed", "Start", "Last amendment"], rows, empty=empty)


def _state(papers: list[AmendmentRow]) -> SafeString:
    end = min((paper.effective_at for paper in papers if change_of(paper).end), default=None)
    if end is None:
        return state("active", "success")
    return state("ended", "danger") if end <= clock.now() else state("ending", "warning")


def _latest(papers: list[AmendmentRow]) -> str:
    return f"{papers[-1].effective_on}: {change_in_words(papers[-1])}" if papers else ""


@panel("contracts.subscription", order=10, title="Timeline", template="console/timeline.html")
def timeline(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    papers = list(subscription.amendments.order_by("effective_at", "number"))
    steps = [
        {
            "on": paper.effective_on,
            "what": change_in_words(paper),
            "reason": paper.reason,
            "by": paper.actor,
            "recorded": instant(paper.recorded_at),
            "link": link(paper, f"amendment {paper.number}"),
            "back_dated": paper.recorded_at > paper.effective_at and paper.number > 0,
            "superseded": False,
        }
        for paper in papers
    ]
    for (paper, later), step in zip(pairwise(papers), steps, strict=False):
        step["superseded"] = later.effective_at == paper.effective_at
    return {"steps": steps}


@panel("contracts.plan", order=10, title="Published versions")
def versions(request: HttpRequest, plan: Plan) -> dict[str, Any]:
    rows = [
        [link(one), instant(one.published_at), one.prices.count(), one.digest[:16]]
        for one in plan.versions.order_by("-number")[:_SHOWN]
    ]
    return table(["Version", "Published", "Prices", "Digest"], rows, right=["Prices"], empty="None is published yet.")


@panel("contracts.planversion", order=10, title="Prices")
def prices(request: HttpRequest, version: PlanVersion) -> dict[str, Any]:
    return _price_table(version.prices.order_by("position"))


@panel("contracts.product", order=10, title="Prices")
def prices_of_product(request: HttpRequest, product: Product) -> dict[str, Any]:
    return _price_table(product.prices.order_by("version__plan__key", "-version__number", "position"))


def _price_table(chosen: Any) -> dict[str, Any]:
    rows = [
        [link(one), str(one.version), terms_in_words(one), multiplied(one), one.get_timing_display()]
        for one in chosen.select_related("version__plan", "product", "meter")[:_SHOWN]
    ]
    return table(["Price", "Version", "In words", "Multiplies", "Due"], rows, empty="No plan has a price here yet.")
