"""How values are shown to operators: money by its currency, instants in UTC, records as links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.currency import CURRENCIES
from core.money import format_pico, parse_pico
from core.period import local_date, zone_named

NOTHING = "–"


def money(pico: int, code: str) -> SafeString:
    """ "EUR 1,234.50", with more decimals only where the amount has them; set apart so that a column lines up."""
    return format_html('<span class="amount">{}</span>', plain_money(pico, code))


def plain_money(pico: int, code: str) -> str:
    """The same as bare text."""
    known = CURRENCIES.get(code)
    return f"{code} {grouped(format_pico(pico, places=known.digits if known else 0))}"


def money_of(amount: Decimal, code: str) -> SafeString:
    """The same for an amount that a document's row holds."""
    return money(pico_of(amount), code)


def pico_of(amount: Decimal) -> int:
    """Pico-units of a column with 12 decimals."""
    return parse_pico(amount)


def figure(pico: int, code: str) -> SafeString:
    """An amount in a table that names its currency once; nothing where there is none."""
    return number(plain_money(pico, code).partition(" ")[2] if pico else "")


def quantity(pico: int) -> SafeString:
    """ "1,500.25"."""
    return number(grouped(format_pico(pico)))


def number(text: object) -> SafeString:
    """Anything that stands to the right."""
    return format_html('<span class="amount">{}</span>', text)


def grouped(plain: str) -> str:
    """ "-1234.5" → "-1,234.5"."""
    whole, point, part = plain.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{part}" if digits.isdecimal() else plain


def instant(value: datetime | None) -> str:
    """ "2026-01-31 09:30", in UTC; seconds where there are any."""
    if value is None:
        return NOTHING
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S}" if utc.second or utc.microsecond else f"{utc:%Y-%m-%d %H:%M}"


def day(value: datetime, zone: str) -> str:
    """ "2026-02-01" where a day begins in the zone at that instant; else the instant."""
    local = value.astimezone(zone_named(zone))
    starts = local_date(value - timedelta(microseconds=1), zone_named(zone)) < local.date()
    return local.date().isoformat() if starts else instant(value)


def address_of(record: Model) -> str | None:
    """The record's page in the console."""
    try:
        return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
    except NoReverseMatch:
        return None


def link(record: Model | None, text: object = None) -> str:
    """The record by its name, leading to its page."""
    if record is None:
        return NOTHING
    address = address_of(record)
    shown = str(record) if text is None else text
    return format_html('<a class="record" href="{}">{}</a>', address, shown) if address else str(shown)


def verbatim(text: str) -> SafeString:
    """A text as it came, its spaces and lines kept."""
    return format_html('<pre class="verbatim">{}</pre>', text)


def linked(href: str, text: object) -> SafeString:
    return format_html('<a class="record" href="{}">{}</a>', href, text)


class Column(msgspec.Struct, frozen=True):
    """A column's heading; figures stand to the right."""

    title: str
    right: bool = False


def table(
    columns: Iterable[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Sequence[str] = (),
    empty: str,
    more: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """The context of console/table.html. `right` names the columns of figures; `more` is an address and its words."""
    made = [Column(title, title in right) for title in columns]
    return {
        "columns": made,
        "rows": [list(zip(made, row, strict=True)) for row in rows],
        "empty": empty,
        "more": more and {"href": more[0], "text": more[1]},
    }


def address_of_list(model: type[Model], **chosen: object) -> str:
    """The list of a model in the console, filtered."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    query = "&".join(f"{name}={value}" for name, value in chosen.items())
    return f"{address}?{query}" if query else address


def state(text: str, tone: str = "") -> SafeString:
    """A word in a colored frame; the tone is success, warning, danger, info or none."""
    return format_html('<span class="state {}">{}</span>', tone, text)
