"""The flags that the database lets in are those that the judge lets in."""

from __future__ import annotations

import pytest
from django.db import connection

from core.db.domains import DOMAINS
from core.db.ledger.rules import TRANSFER_FLAGS
from core.db.transaction import atomic
from ledger.chart import GUARDS
from ledger.chart import KNOWN_FLAGS as OF_ACCOUNTS
from ledger.transfers import BALANCING, CLOSING, RESOLVING, TransferFlags
from ledger.transfers import KNOWN_FLAGS as OF_TRANSFERS

pytestmark = pytest.mark.usefixtures("transactional_db")
#: Of ten bits, since TigerBeetle gives none beyond the ninth a meaning.
FLAGS = range(2**10)


def _let_in(domain: str) -> set[int]:
    """Which of the flags the database holds to be in order."""
    condition = DOMAINS[domain].condition
    with atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(condition.replace('VALUE', str(flags)) for flags in FLAGS)}")
        return {flags for flags, good in zip(FLAGS, cursor.fetchone(), strict=True) if good}


def test_an_account_has_known_flags_and_one_guard_at_most() -> None:
    assert _let_in("ledger_account_flags") == {
        flags for flags in FLAGS if not flags & ~OF_ACCOUNTS and flags & GUARDS != GUARDS
    }


def test_a_transfer_is_plain_or_pending_or_settles_one() -> None:
    def in_order(flags: int) -> bool:
        pending, settling = bool(flags & TransferFlags.PENDING), (flags & RESOLVING).bit_count()
        return (
            not flags & ~OF_TRANSFERS
            and pending + settling <= 1
            and (pending or not flags & CLOSING)
            and not (settling and flags & BALANCING)
        )

    assert list(filter(in_order, FLAGS)) == TRANSFER_FLAGS
