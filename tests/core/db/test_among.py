"""Many ids in one question."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import pytest

from core.db.among import as_sent
from core.db.transaction import atomic
from core.models import new_id
from ledger.accounts import LARGEST
from ledger.models import Account
from ledger.transfers import TransferFlags
from tests.ledger.builders import bare_account, fresh_tenant, move, posted

pytestmark = pytest.mark.usefixtures("fresh_books")
_CLOSING = TransferFlags.PENDING | TransferFlags.CLOSING_DEBIT


def _among(ids: Collection[UUID]) -> set[UUID]:
    return set(Account.objects.filter(pk__among=ids).values_list("pk", flat=True))


def test_what_is_there_is_found_once() -> None:
    """However often it is named, and among however many that aren't."""
    one, other = bare_account(), bare_account()
    assert _among([one, one, new_id()]) == {one}
    assert _among({one: 1, other: 2}.keys()) == {one, other}
    assert _among([*(new_id() for _ in range(20_000)), other]) == {other}
    assert Account.objects.filter(pk__among=[one, one]).count() == 1


@pytest.mark.parametrize("none", [[], set(), (), {}.keys()])
def test_nothing_is_among_none(none: Collection[UUID]) -> None:
    one = bare_account()
    assert _among(none) == set()
    assert set(Account.objects.exclude(pk__among=none).values_list("pk", flat=True)) == {one}


def test_another_tenants_rows_are_not_found() -> None:
    with fresh_tenant():
        theirs = bare_account()
    mine = bare_account()
    assert _among([theirs, mine]) == {mine}


def test_rows_as_they_are_sent_are_the_same_rows() -> None:
    """Whole numbers of any size, truth and ids; none where nothing is asked for."""
    debit, credit = bare_account(), bare_account()
    assert set(posted(move(debit, credit, LARGEST), move(debit, credit, 0, flags=_CLOSING))) == {"created"}
    names = ("pk", "ledger", "closed", "debits_posted", "credits_posted")
    found = Account.objects.filter(pk__among=[debit, credit]).order_by("pk").values_list(*names)
    with atomic():
        assert as_sent(found) == sorted([(debit, 1, True, LARGEST, 0), (credit, 1, False, 0, LARGEST)])
        assert as_sent(Account.objects.filter(pk__among=[new_id()]).values_list(*names)) == []
