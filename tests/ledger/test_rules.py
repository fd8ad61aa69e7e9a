"""Rules over several columns, as PostgreSQL's function and trigger ask them, say what the models' constraints say."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from core.db import meant
from core.db.ledger import rules
from core.db.transaction import atomic
from ledger.accounts import LARGEST
from ledger.chart import AccountFlags
from ledger.transfers import RESOLVING, TransferFlags

pytestmark = [
    pytest.mark.postgresql("MariaDB has the models' own CHECKs"),
    pytest.mark.usefixtures("transactional_db"),
]
_COLUMNS = "flags, debits_pending, debits_posted, credits_pending, credits_posted"
_TIMEOUTS = (-1, 0, 1, 2**32 - 1, 2**32)
_OUT_OF_CREDIT = AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS.value
_OUT_OF_DEBIT = AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS.value
_BALANCE = st.sampled_from([0, 1, 2, 5, 2**64, LARGEST // 2, LARGEST - 1, LARGEST])


def _meant(name: str) -> str:
    """The condition of a model's constraint."""
    [text] = [one.text for one in meant.conditions() if one.name == name]
    return text


def test_a_transfers_kind_says_what_it_settles_and_whether_it_times_out() -> None:
    """All flags of ten bits, with and without a pending transfer, and time-outs within and beyond 32 bits."""
    with atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT flags, pending_id IS NOT NULL, timeout, {rules.OF_A_KIND}, {rules.PLAIN}, "
            f"{_meant('ledger_transfer_kind')} FROM generate_series(0, 1023) AS one (flags), "
            "(VALUES (NULL), (gen_random_uuid())) AS two (pending_id), "
            "unnest(%s::bigint[]) AS three (timeout), (VALUES (1, 2)) AS four (debit_account_id, credit_account_id)",
            [[*_TIMEOUTS]],
        )
        found = {(flags, settles, timeout): told for flags, settles, timeout, *told in cursor}
    assert [told for told in found.values() if told[0] is not told[2]] == []
    assert {one for one, (kind, *_) in found.items() if kind} == {
        (flags, settles, timeout)
        for flags, settles, timeout in product(rules.TRANSFER_FLAGS, (False, True), _TIMEOUTS)
        if settles == bool(flags & RESOLVING)
        and (timeout == 0 or (bool(flags & TransferFlags.PENDING) and 1 <= timeout < 2**32))
    }
    assert {kind for kind, plain, _ in found.values() if plain} == {True}


@given(flags=st.sampled_from([0, _OUT_OF_CREDIT, _OUT_OF_DEBIT]), balances=st.tuples(*[_BALANCE] * 4))
def test_an_account_is_within_its_limits(flags: int, balances: tuple[int, int, int, int]) -> None:
    """What a side has and holds fits it, and is covered by what the other has where the account says so."""
    debits_pending, debits_posted, credits_pending, credits_posted = balances
    with atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ledger_is_within_limits({_COLUMNS}), {_meant('ledger_account_limits')} "
            f"FROM (VALUES (%s, %s, %s, %s, %s)) AS one ({_COLUMNS})",
            [flags, *balances],
        )
        [(within, is_meant)] = cursor.fetchall()
    most_debits = credits_posted if flags == _OUT_OF_CREDIT else LARGEST
    most_credits = debits_posted if flags == _OUT_OF_DEBIT else LARGEST
    assert within is is_meant
    assert within is (
        debits_pending + debits_posted <= most_debits and credits_pending + credits_posted <= most_credits
    )
