"""Due minus booked, posted with its evidence: the only writer of charges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from billing import evidence, periods
from billing.booked import difference_of, is_in_advance, last_charges, predecessors
from billing.booking import Booked, Difference
from billing.due import DueLine
from billing.evaluation import Evaluation, TreeFacts
from billing.keys import charge_id
from billing.models import Charge, ChargeKeyRow, Run, TreeState
from billing.postings import charges as postings
from billing.rating.lines import Rated, difference
from core.access.scope import tenant_id
from core.ids import derived_id
from customers.payers import payer_of
from ledger import services as ledger
from ledger.entries import Entry, accounts_of, transfers
from ledger.periods import open_from


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One difference, and what its charge row needs beside it."""

    moved: Difference
    tree: TreeFacts
    customer_id: UUID
    payer_id: UUID
    currency: str
    in_advance: bool


def book(evaluations: Sequence[Evaluation], *, run: Run | None, at: datetime) -> list[Difference]:
    """Posts every difference of trees that the caller holds locked; what was posted.

    Run again at the same knowledge point it posts nothing.
    """
    found = difference_of(evaluations)
    plans = [_posting(moved, one.facts) for one in evaluations for moved in found[one.facts.tree_id]]
    periods.store(evaluations)
    _save_keys(plans)
    post([_entry(plan) for plan in plans], at=at)
    Charge.objects.bulk_create([_charge(plan, run, at) for plan in plans], batch_size=2000)
    _save_states(evaluations)
    return [plan.moved for plan in plans]


def post(entries: Sequence[Entry], *, at: datetime) -> None:
    """Opens what accounts are missing and posts the entries, all or none; what belongs to a closed period, after it."""
    ids = ledger.open_accounts(accounts_of(entries))
    ledger.post_all(transfers(entries, ids.__getitem__, open_from=open_from()), at=at)


def reverse(charges: Sequence[Charge], *, fact: int, at: datetime) -> list[Charge]:
    """Takes back each charge under its key's next n, naming it; the reversals, in the same order.

    The caller holds the tree locked; `fact` is the number of what took them back.
    The keys are due again: the next run posts the difference.
    """
    states = {row.key_id: row for row in last_charges(charge.key_id for charge in charges).values()}
    before = predecessors(charges)
    reversals = []
    for charge in charges:
        reversal = _reversal(charge, before.get((charge.key_id, charge.n - 1)), states[charge.key_id], fact, at)
        states[charge.key_id] = reversal
        reversals.append(reversal)
    post([_reversal_entry(row, charge) for row, charge in zip(reversals, charges, strict=True)], at=at)
    Charge.objects.bulk_create(reversals)
    return reversals


def _reversal(charge: Charge, before: Charge | None, state: Charge, fact: int, at: datetime) -> Charge:
    moved = difference(evidence.read_rated(charge.rated), evidence.read_rated(before.rated) if before else None)
    rated = difference(evidence.read_rated(state.rated), moved)
    return Charge(
        id=charge_id(tenant_id(), charge.key_id, charge.key.period_start, state.n + 1),
        key_id=charge.key_id,
        n=state.n + 1,
        amount=-charge.amount,
        payer_id=charge.payer_id,
        currency=charge.currency,
        due_from=state.due_from,
        service_start=state.service_start,
        service_end=state.service_end,
        quantity=rated.quantity,
        event_count=state.event_count - charge.event_count + (before.event_count if before else 0),
        late_count=before.late_count if before else 0,
        late=False,
        rated=evidence.dump_rated(rated),
        spans=[],
        watermark=state.watermark,
        fact=fact,
        engine=evidence.ENGINE,
        reverses=charge,
        booked_at=at,
    )


def _reversal_entry(reversal: Charge, charge: Charge) -> Entry:
    key = charge.key
    moved = postings.Movement(
        id=reversal.id,
        key_id=key.id,
        customer_id=key.subscription.customer_id,
        payer_id=charge.payer_id,
        currency=charge.currency,
        amount=reversal.amount,
        effective_at=reversal.due_from,
        journal_id=derived_id(reversal.due_from, "journal", tenant_id(), "reversal", reversal.id),
    )
    return postings.charge(moved, in_advance=is_in_advance(key))


def _posting(moved: Difference, tree: TreeFacts) -> Posting:
    subscription = next(one for one in tree.subscriptions if one.id == moved.key.subscription_id)
    line, booked = moved.line, moved.booked
    if booked is not None:
        payer_id, in_advance = booked.payer_id, booked.in_advance
    elif line is not None:
        payer_id = payer_of(subscription.customer_id, at=line.due_from, customers=tree.customers)
        in_advance = line.price.in_advance
    else:
        raise ValueError("a difference has a side")
    return Posting(
        moved=moved,
        tree=tree,
        customer_id=subscription.customer_id,
        payer_id=payer_id,
        currency=subscription.currency,
        in_advance=in_advance,
    )


def _entry(plan: Posting) -> Entry:
    found, effective_at = plan.moved, due_from(plan.moved)
    moved = postings.Movement(
        id=charge_id(tenant_id(), found.id, found.key.period_start, found.n),
        key_id=found.id,
        customer_id=plan.customer_id,
        payer_id=plan.payer_id,
        currency=plan.currency,
        amount=found.amount,
        effective_at=effective_at,
        journal_id=derived_id(effective_at, "journal", tenant_id(), plan.tree.tree_id, found.id, found.n),
    )
    return postings.charge(moved, in_advance=plan.in_advance)


def due_from(moved: Difference) -> datetime:
    """When a difference comes due: never before what it corrects, so that documents claim a key's charges in order."""
    instants = [one.due_from for one in (moved.line, moved.booked) if one is not None]
    return max(instants)


def _charge(plan: Posting, run: Run | None, at: datetime) -> Charge:
    moved, line, booked = plan.moved, plan.moved.line, plan.moved.booked
    rated = line.rated if line else Rated(quantity=0, amount=evidence.NOTHING, breakdown=())
    return Charge(
        id=charge_id(tenant_id(), moved.id, moved.key.period_start, moved.n),
        key_id=moved.id,
        n=moved.n,
        amount=moved.amount,
        payer_id=plan.payer_id,
        currency=plan.currency,
        due_from=due_from(moved),
        service_start=line.service.start if line else booked.service_start,  # type: ignore[union-attr]
        service_end=line.service.end if line else booked.service_end,  # type: ignore[union-attr]
        quantity=rated.quantity,
        event_count=line.usage.count if line else 0,
        late_count=line.usage.late_count if line else 0,
        late=_is_late(line, booked),
        rated=evidence.dump_rated(rated),
        spans=evidence.dump_spans(line.spans if line else ()),
        watermark=plan.tree.known.watermark,
        fact=plan.tree.known.fact,
        engine=evidence.ENGINE,
        run=run,
        booked_at=at,
    )


def _is_late(line: DueLine | None, booked: Booked | None) -> bool:
    """Whether late usage moved the amount: more late events than before, or a new key with no other events."""
    if line is None:
        return False
    if booked is None:
        return 0 < line.usage.late_count == line.usage.count
    return line.usage.late_count > booked.late_count


def _save_keys(plans: Iterable[Posting]) -> None:
    ChargeKeyRow.objects.bulk_create(
        [_key_row(plan, plan.moved.line) for plan in plans if plan.moved.booked is None and plan.moved.line],
        batch_size=2000,
    )


def _key_row(plan: Posting, line: DueLine) -> ChargeKeyRow:
    key = plan.moved.key
    return ChargeKeyRow(
        id=plan.moved.id,
        subscription_id=key.subscription_id,
        price_id=key.owed_under,
        acts_on_id=key.acts_on,
        period_start=key.period_start,
        segment_start=key.segment_start,
        dimensions=[list(pair) for pair in key.dimensions],
        kind=key.kind.value,
        currency=plan.currency,
        payer_id=plan.payer_id,
    )


def version_of(tree: TreeFacts) -> int:
    """How many times something was booked for the tree so far."""
    return tree.state.version if tree.state else 0


def _save_states(evaluations: Sequence[Evaluation]) -> None:
    """How far each tree is billed now; its row is guarded by the tree's lock."""
    states = [
        TreeState(
            id=one.facts.tree_id,
            tree_id=one.facts.tree_id,
            fact=one.facts.known.fact,
            watermark=one.facts.known.watermark,
            through=one.through,
            version=version_of(one.facts) + 1,
        )
        for one in evaluations
    ]
    known = {one.facts.tree_id for one in evaluations if one.facts.state is not None}
    TreeState.objects.bulk_create([state for state in states if state.tree_id not in known])
    TreeState.objects.bulk_update(
        [state for state in states if state.tree_id in known],
        ["fact", "watermark", "through", "version"],
        batch_size=500,
    )
