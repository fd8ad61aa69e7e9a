"""Every read about parties."""

from __future__ import annotations

import pytest

from core.actor import Actor
from core.errors import NotFound
from core.models import Tenant
from customers import selectors
from customers.models import Seller
from customers.services import set_bill_to
from tests.support import world
from tests.support.tenants import another_tenant
from tests.support.world import instant

FEBRUARY = instant("2026-02-01")


@pytest.fixture(autouse=True)
def customers(books: Tenant) -> None:
    world.apply({"customers": [world.customer(), world.customer("c-02", parent="c-01", consolidate=True)]})


def test_a_customer_is_found_by_key_or_id_with_its_party() -> None:
    found = selectors.customer("c-01")
    assert selectors.customer(str(found.id)) == found
    assert found.party.name == "c-01 Inc"


@pytest.mark.parametrize("name", ["c-03", "", "0" * 32, "not a uuid", "\x1f"])
def test_a_customer_that_there_is_not_is_told(name: str) -> None:
    with pytest.raises(NotFound) as refused:
        selectors.customer(name)
    assert refused.value.field == "customer"


def test_another_tenants_customer_and_seller_are_not_found() -> None:
    mine = selectors.customer("c-01")
    with another_tenant():
        for name in ("c-01", str(mine.id)):
            with pytest.raises(NotFound):
                selectors.customer(name)
        with pytest.raises(NotFound, match="the tenant has no seller yet"):
            selectors.seller()
    assert selectors.seller() == Seller.objects.get()


def test_facts_are_what_billing_needs_of_every_customer_of_a_tree(actor: Actor) -> None:
    root, child = selectors.customer("c-01"), selectors.customer("c-02")
    found = selectors.facts_of([root.tree_id])
    assert set(found) == {root.id, child.id}
    assert (found[child.id].key, found[child.id].parent_id, found[child.id].consolidate) == ("c-02", root.id, True)
    assert (found[root.id].tree_id, found[root.id].time_zone, found[root.id].bill_tos) == (root.id, "UTC", ())


def test_who_pays_is_told_as_known_up_to_a_fact(actor: Actor) -> None:
    """An evaluation of the past does not see what was recorded later."""
    root, child = selectors.customer("c-01"), selectors.customer("c-02")
    known = [root.tree.last_fact]
    for payer in (child, root):
        set_bill_to(customer=child, payer=payer, from_at=FEBRUARY, actor=actor)
        known.append(known[-1] + 1)
    seen = [selectors.facts_of([root.id], facts={root.id: fact})[child.id].bill_tos for fact in known]
    assert seen == [(), ((FEBRUARY, child.id),), ((FEBRUARY, child.id), (FEBRUARY, root.id))]
    assert selectors.facts_of([root.id])[child.id].bill_tos == seen[-1]
