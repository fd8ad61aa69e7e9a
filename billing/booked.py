"""What the books hold of each charge key, and how far that is from what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from billing.booking import Booked, Difference, differences
from billing.evaluation import Evaluation
from billing.keys import ChargeKey, Kind
from billing.models import Charge, ChargeKeyRow
from contracts.models import Price
from core.access.scope import tenant_id
from core.errors import Refusal
from ledger import selectors as books


class BooksDiffer(Refusal):
    """The evidence beside the books does not match them: a matter for `verify`."""

    code = "books_differ"


def difference_of(evaluations: Sequence[Evaluation]) -> dict[UUID, list[Difference]]:
    """By tree: what is to be posted. Reads the books; call it under the trees' locks to act on it."""
    booked = _booked(evaluations)
    return {
        one.facts.tree_id: differences(tenant_id(), one.lines, booked.get(one.facts.tree_id, {})) for one in evaluations
    }


def _booked(evaluations: Sequence[Evaluation]) -> dict[UUID, dict[UUID, Booked]]:
    """By tree and key id: what is booked in the periods that were evaluated."""
    trees = {subscription.id: one.facts.tree_id for one in evaluations for subscription in one.facts.subscriptions}
    reached = set[tuple[UUID, datetime]]().union(*(one.reached for one in evaluations))
    subscriptions = {subscription for subscription, _ in reached}
    earliest = min((start for _, start in reached), default=None)
    if earliest is None:
        return {}
    rows = ChargeKeyRow.objects.filter(subscription__in=subscriptions, period_start__gte=earliest)
    known = [row for row in rows.select_related("price") if (row.subscription_id, row.period_start) in reached]
    amounts, last = books.booked(row.id for row in known), last_charges(row.id for row in known)
    found: dict[UUID, dict[UUID, Booked]] = defaultdict(dict)
    for row in known:
        known_sum, charge = amounts.get(row.id), last.get(row.id)
        if known_sum is None or charge is None or charge.n + 1 != known_sum.transfers:
            raise BooksDiffer("the key's transfers and the evidence beside them are not the same", key=row.id)
        found[trees[row.subscription_id]][row.id] = _booked_key(row, charge, known_sum.amount)
    return found


def last_charges(key_ids: Iterable[UUID]) -> dict[UUID, Charge]:
    """The charge with the greatest n of each key that has any."""
    rows = Charge.objects.filter(key__in=list(key_ids)).order_by("key", "n")
    return {row.key_id: row for row in rows}


def predecessors(charges: Iterable[Charge]) -> dict[tuple[UUID, int], Charge]:
    """By key and n: the charges right before these, and others of their keys; read in one statement."""
    corrections = {row.key_id for row in charges if row.n}
    return {(row.key_id, row.n): row for row in Charge.objects.filter(key__in=corrections)}


def _booked_key(row: ChargeKeyRow, charge: Charge, amount: int) -> Booked:
    return Booked(
        id=row.id,
        key=key_of(row),
        currency=row.currency,
        payer_id=row.payer_id,
        in_advance=is_in_advance(row),
        n=charge.n + 1,
        amount=amount,
        due_from=charge.due_from,
        service_start=charge.service_start,
        service_end=charge.service_end,
        late_count=charge.late_count,
    )


def is_in_advance(row: ChargeKeyRow) -> bool:
    """Whether the key is booked as deferred revenue first."""
    return bool(row.price.timing == Price.Timing.ADVANCE)


def key_of(row: ChargeKeyRow) -> ChargeKey:
    """The key's name from its row."""
    return ChargeKey(
        subscription_id=row.subscription_id,
        owed_under=row.price_id,
        acts_on=row.acts_on_id,
        period_start=row.period_start,
        segment_start=row.segment_start,
        dimensions=tuple((name, value) for name, value in row.dimensions),
        kind=Kind(row.kind),
    )
