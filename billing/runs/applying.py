"""Applying the items of a run: a chunk of trees in one transaction, and what fails alone is parked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from billing import charges
from billing.booking import Difference
from billing.evaluation import TreeFacts, evaluate, load
from billing.invoicing import gathering
from billing.invoicing import services as invoicing
from billing.invoicing.draft import Draft
from billing.invoicing.gathering import Wanted
from billing.models import CutOff, Invoice, Run, RunItem
from billing.runs import planning
from billing.runs.planning import PlannedItem, Through
from core import audit, outbox
from core.audit import Entry
from core.db.retry import must_repeat, retrying
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event
from core.outbox import Announcement
from customers import trees
from customers.selectors import seller


class ItemDiffers(Refusal):
    """An item came to another amount than planned although nothing moved: not to be guessed at."""

    code = "item_differs"


class Outcome(msgspec.Struct, kw_only=True):
    """What a run did."""

    run_id: UUID | None = None
    charges: int = 0
    booked: dict[str, int] = {}
    invoices: list[Invoice] = []
    carried: int = 0
    parked: list[RunItem] = []


def apply_or_park(
    run: Run, items: Sequence[PlannedItem], through: Through, issue: invoicing.Issue, outcome: Outcome
) -> None:
    """Applies the items together; where that fails, one by one, and the culprit is parked."""
    ready = _park_hopeless(run, items, issue, outcome)
    try:
        if ready:
            retrying(lambda: _apply(run, ready, through, issue, outcome))
    except Exception as error:
        if len(ready) > 1:
            for item in ready:
                apply_or_park(run, [item], through, issue, outcome)
        elif must_repeat(error):
            raise
        else:
            outcome.parked.append(_park(run, ready[0], *planning.reason_of(error), issue))


def _park_hopeless(
    run: Run, items: Sequence[PlannedItem], issue: invoicing.Issue, outcome: Outcome
) -> list[PlannedItem]:
    """Parks what could not be planned, or follows a parked item of the same tree; the others."""
    stuck = {item.tree_id for item in outcome.parked}
    ready = []
    for item in items:
        if item.tree_id in stuck:
            outcome.parked.append(_park(run, item, "earlier_item_parked", "an earlier cut-off is parked", issue))
        elif item.failure is not None:
            outcome.parked.append(_park(run, item, *item.failure, issue))
        else:
            ready.append(item)
    return ready


def _apply(run: Run, items: Sequence[PlannedItem], through: Through, issue: invoicing.Issue, outcome: Outcome) -> None:
    """One transaction: lock, evaluate at the run's watermark, book, document."""
    by_tree = {item.tree_id: item for item in items}
    with atomic(savepoint=True):
        locked = trees.lock(by_tree)
        facts = load(planning.points({tree.id: tree.last_fact for tree in locked.values()}, run.watermark))
        evaluations = evaluate(facts, through=items[0].cut_off_at)
        booked = charges.book(evaluations, run=run, at=issue.at)
        sums = _require_expected(by_tree, facts, booked)
        invoices, carried = _document(facts, items[0].cut_off_at, through, issue)
        rows = _mark_applied(run, by_tree, facts)
        _tell_booked(rows, sums, issue)
    outcome.charges += len(booked)
    outcome.carried += carried
    outcome.invoices += invoices
    for several in sums.values():
        for currency, amount in several.items():
            outcome.booked[currency] = outcome.booked.get(currency, 0) + amount


def _require_expected(
    items: dict[UUID, PlannedItem], facts: Sequence[TreeFacts], booked: Iterable[Difference]
) -> dict[UUID, dict[str, int]]:
    """What was booked by tree and currency. Raises ItemDiffers where it is not what was planned and nothing moved."""
    home = {one.id: (tree.tree_id, one.currency) for tree in facts for one in tree.subscriptions}
    sums: dict[UUID, dict[str, int]] = {tree.tree_id: {} for tree in facts}
    for moved in booked:
        tree_id, currency = home[moved.key.subscription_id]
        sums[tree_id][currency] = sums[tree_id].get(currency, 0) + moved.amount
    for tree in facts:
        planned = items[tree.tree_id]
        expected, came_to = planning.written(planned.expected), planning.written(sums[tree.tree_id])
        if expected != came_to and not _has_moved(planned, tree):
            raise ItemDiffers(f"planned {expected}, came to {came_to}", tree=tree.tree_id)
    return sums


def _has_moved(planned: PlannedItem, tree: TreeFacts) -> bool:
    """Whether a fact or another run came between the plan and now: then the item was planned again just now."""
    return (tree.known.fact, charges.version_of(tree)) != (planned.fact, planned.version)


def _document(
    facts: Sequence[TreeFacts], cut_off_at: datetime, through: Through, issue: invoicing.Issue
) -> tuple[list[Invoice], int]:
    """Issues the documents of this cut-off; how many drafts were carried forward."""
    wanted = sorted(
        Wanted(cut_off_at, payer, currency)
        for found in planning.new_boundaries(facts, through).values()
        for payer, currency in found.accounts.get(cut_off_at, ())
    )
    if not wanted:
        return [], 0
    drafts, invoices = _issued(wanted, issue) if gathering.has_entries(wanted) else ([], [])
    issued = {(row.payer_id, row.currency): row for row in invoices}
    carried = {(draft.payer_id, draft.currency) for draft in drafts} - set(issued)
    _save_cut_offs(wanted, issued, carried)
    return invoices, len(carried)


def _issued(wanted: Sequence[Wanted], issue: invoicing.Issue) -> tuple[list[Draft], list[Invoice]]:
    """The drafts that have lines, and the documents of those that are not carried forward."""
    issuing = seller()
    drafts = gathering.drafts(wanted, seller=issuing)
    ready = [draft for draft in drafts if not draft.is_carried_forward]
    return drafts, invoicing.finalize(ready, seller=issuing, issue=issue) if ready else []


def _save_cut_offs(
    wanted: Iterable[Wanted], issued: dict[tuple[UUID, str], Invoice], carried: set[tuple[UUID, str]]
) -> None:
    for one in wanted:
        account = (one.payer_id, one.currency)
        outcome = CutOff.Outcome.CARRIED if account in carried else CutOff.Outcome.NOTHING
        invoice = issued.get(account)
        CutOff.objects.update_or_create(
            payer_id=one.payer_id,
            currency=one.currency,
            at=one.cut_off_at,
            defaults={"outcome": CutOff.Outcome.ISSUED if invoice else outcome, "invoice": invoice},
        )


def _mark_applied(run: Run, items: dict[UUID, PlannedItem], facts: Sequence[TreeFacts]) -> list[RunItem]:
    moved = {tree.tree_id: _has_moved(items[tree.tree_id], tree) for tree in facts}
    cut_off_at = next(iter(items.values())).cut_off_at
    rows = list(RunItem.objects.filter(run=run, tree__in=list(items), cut_off_at=cut_off_at))
    for row in rows:
        row.apply()
        row.replanned = moved[row.tree_id]
    RunItem.objects.bulk_update(rows, ["state", "replanned"], batch_size=500)
    return rows


def _tell_booked(rows: Sequence[RunItem], sums: dict[UUID, dict[str, int]], issue: invoicing.Issue) -> None:
    moved = [(row, planning.written(sums[row.tree_id])) for row in rows if sums[row.tree_id]]
    entries = [
        Entry(event=Event.CHARGES_BOOKED, subject=("tree", str(row.tree_id)), after=after) for row, after in moved
    ]
    audit.record_many(entries, actor=issue.actor, at=issue.at)
    outbox.publish_many(
        [
            Announcement(event=Event.CHARGES_BOOKED, subject=("tree", str(row.tree_id)), payload=after)
            for row, after in moved
        ],
        at=issue.at,
    )


def _park(run: Run, item: PlannedItem, code: str, reason: str, issue: invoicing.Issue) -> RunItem:
    with atomic():
        row = RunItem.objects.select_for_update().get(run=run, tree=item.tree_id, cut_off_at=item.cut_off_at)
        row.park(code=code, reason=reason)
        row.save()
        after = {"tree": str(item.tree_id), "code": code}
        audit.record(actor=issue.actor, event=Event.ITEM_PARKED, subject=row, at=issue.at, after=after, reason=reason)
        outbox.publish(event=Event.ITEM_PARKED, subject=row, at=issue.at, payload=after)
    return row
