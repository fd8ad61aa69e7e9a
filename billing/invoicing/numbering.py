"""The next numbers in a seller's series: dense, and in the order of finalization."""

from __future__ import annotations

from billing.models import Series
from core.db.bulk import insert_once
from customers.models import Seller


def take(*, seller: Seller, kind: str, count: int) -> list[int]:
    """The next `count` numbers. The series stays locked until the transaction ends: take them last.

    A rolled-back transaction takes none, so there is never a gap.
    """
    if count == 0:
        return []
    series = Series.objects.select_for_update().filter(seller=seller, kind=kind).first()
    if series is None:
        # Two first documents at once: the unique key lets one in, the other waits here and then finds it.
        insert_once(Series(seller=seller, kind=kind), seller=seller, kind=kind)
        series = Series.objects.select_for_update().get(seller=seller, kind=kind)
    first = series.last + 1
    series.last += count
    series.save(update_fields=["last"])
    return list(range(first, first + count))


def written(*, seller: Seller, sequence: int) -> str:
    """The number as printed: INV-000001."""
    return seller.series.format(number=sequence)
