"""Parties are whole: their trees, the facts about them, whom subjects mean, and how documents froze them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q

from core.db.asking import NAMED, count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from customers.models import BillTo, Claim, Customer, FrozenParty, Tree

# A customer's claim and a narrower one of its own subscription may stand together: the narrower wins.
_CLASHES = """
SELECT subject.name, one.id, other.id
FROM customers_claim one
JOIN customers_claim other ON other.subject_id = one.subject_id AND other.id > one.id
JOIN customers_subject subject ON subject.id = one.subject_id
WHERE one.tenant_id = %(tenant)s
  AND (one.to_at IS NULL OR one.to_at > one.from_at AND one.to_at > other.from_at)
  AND (other.to_at IS NULL OR other.to_at > other.from_at AND other.to_at > one.from_at)
  AND NOT (one.customer_id = other.customer_id
           AND (one.subscription_id IS NULL) <> (other.subscription_id IS NULL))
ORDER BY subject.name, one.id, other.id
"""


def _marks() -> Outcome:
    trees = Tree.objects.annotate(count=Count("marks"), first=Min("marks__number"), last=Max("marks__number"))
    whole = Q(count=0, last_fact=0) | Q(first=1, last=F("count"), last_fact=F("count"))
    if not holds(Tree):
        return outcome(0, "trees")
    found = [
        Finding(
            f"tree {tree.id}",
            f"{tree.count} marks, numbered {tree.first} to {tree.last}; its last fact is {tree.last_fact}",
        )
        for tree in trees.exclude(whole).order_by("id")[:NAMED]
    ]
    return outcome(count(Tree), "trees", found)


def _trees() -> Outcome:
    return outcome(count(Customer), "customers", islice(_misplaced(), NAMED))


def _misplaced() -> Iterator[Finding]:
    if not holds(Tree, Customer):
        return
    roots = Customer.objects.filter(pk=OuterRef("pk"), parent__isnull=True)
    for tree in Tree.objects.filter(~Exists(roots)).order_by("id"):
        yield Finding(f"tree {tree.id}", "it has no root customer")
    home = Q(parent__isnull=True, tree=F("id")) | Q(parent__isnull=False, tree=F("parent__tree"))
    for customer in Customer.objects.exclude(home).order_by("id"):
        yield Finding(f"customer {customer.key}", "its tree is not its parent's, or not its own")
    strangers = BillTo.objects.exclude(payer__tree=F("customer__tree"))
    for row in strangers.select_related("customer", "payer").order_by("id") if holds(BillTo) else ():
        yield Finding(f"customer {row.customer.key}", f"its payer {row.payer.key} is in another tree")


def _claims() -> Outcome:
    clashes = faults(_CLASHES) if count(Claim) > 1 else ()
    found = [Finding(f"subject {name}", f"claims {one} and {other} overlap") for name, one, other in clashes]
    return outcome(count(Claim), "claims", found)


def _parties() -> Outcome:
    forged = (
        Finding(f"frozen party {row.id}", "its digest is not that of its salt and body")
        for row in FrozenParty.objects.order_by("id").iterator()
        if row.digest != sha256(bytes(row.salt) + row.body.encode()).hexdigest()
    )
    return outcome(count(FrozenParty), "frozen parties", islice(forged, NAMED) if holds(FrozenParty) else ())


CHECKS: tuple[Check, ...] = (
    Check("customers.parties", 2, "Parties stay as documents froze them.", _parties),
    Check("customers.marks", 4, "The facts about each tree are numbered without gap.", _marks),
    Check("customers.claims", 4, "At no instant does a subject mean two.", _claims),
    Check("customers.trees", 11, "Each customer, and whoever pays for it, is in its root's tree.", _trees),
)
