"""An account's balances after each of its transfers, for accounts that were opened with `history`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

from core.access.scope import tenant_id
from core.db.relation import aware
from ledger.chart import AccountFlags
from ledger.filters import LARGEST_ANSWER, AccountBalance, AccountFilter
from ledger.models import Account

# Time-outs move balances too, without a transfer: they count, and aren't shown.
# ruff: noqa: S608 - the statements are made of constants
_STEPS = """
SELECT one.arrival, one.id, one.timestamp, one.debit_account_id, one.user_data_128, one.user_data_64,
       one.user_data_32, one.ledger, one.code, 1 AS shown,
       CASE WHEN (one.flags & 2) <> 0 THEN one.amount ELSE -COALESCE(held.amount, 0) END AS held,
       CASE WHEN (one.flags & 10) <> 0 THEN 0 ELSE one.amount END AS posted
FROM ledger_transfer one LEFT JOIN ledger_transfer held ON held.id = one.pending_id
WHERE one.tenant_id = %(tenant)s AND %(account)s IN (one.debit_account_id, one.credit_account_id)
UNION ALL
SELECT expiry.arrival, held.id, expiry.at, held.debit_account_id, NULL, 0, 0, 0, 0, 0, -held.amount, 0
FROM ledger_expiry expiry JOIN ledger_transfer held ON held.id = expiry.id
WHERE expiry.tenant_id = %(tenant)s AND %(account)s IN (held.debit_account_id, held.credit_account_id)
"""

_RUNNING = f"""
SELECT steps.*,
       SUM(CASE WHEN debit_account_id = %(account)s THEN held ELSE 0 END) OVER upto AS debits_pending,
       SUM(CASE WHEN debit_account_id = %(account)s THEN posted ELSE 0 END) OVER upto AS debits_posted,
       SUM(CASE WHEN debit_account_id = %(account)s THEN 0 ELSE held END) OVER upto AS credits_pending,
       SUM(CASE WHEN debit_account_id = %(account)s THEN 0 ELSE posted END) OVER upto AS credits_posted
FROM ({_STEPS}) steps WINDOW upto AS (ORDER BY arrival)
"""

_COLUMNS = ("id", "timestamp", "debits_pending", "debits_posted", "credits_pending", "credits_posted")


def get_account_balances(asked: AccountFilter) -> list[AccountBalance]:
    """The account's balances after each transfer that the filter names; none where it keeps no history."""
    account = Account.objects.filter(pk=asked.account_id).values_list("flags", flat=True).first()
    if not asked.is_valid or account is None or not account & AccountFlags.HISTORY:
        return []
    conditions, values = _conditions(asked)
    order = "DESC" if asked.reversed else "ASC"
    query = (
        f"SELECT {', '.join(_COLUMNS)} FROM ({_RUNNING}) running WHERE {' AND '.join(conditions)} "
        f"ORDER BY arrival {order} LIMIT {min(asked.limit, LARGEST_ANSWER):d}"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [_balance(row) for row in cursor.fetchall()]


def _conditions(asked: AccountFilter) -> tuple[list[str], dict[str, Any]]:
    further = "<" if asked.reversed else ">"
    wanted = {
        "user_data_128 = %(user_data_128)s": asked.user_data_128 and _id(asked.user_data_128),
        "user_data_64 = %(user_data_64)s": asked.user_data_64,
        "user_data_32 = %(user_data_32)s": asked.user_data_32,
        "ledger = %(ledger)s": asked.ledger,
        "code = %(code)s": asked.code,
        "timestamp >= %(timestamp_min)s": asked.timestamp_min,
        "timestamp <= %(timestamp_max)s": asked.timestamp_max,
        "debit_account_id = %(debits)s": not asked.credits and _id(asked.account_id),
        "debit_account_id <> %(credits)s": not asked.debits and _id(asked.account_id),
        f"arrival {further} (SELECT arrival FROM ledger_transfer WHERE id = %(after)s AND tenant_id = %(tenant)s)": (
            asked.after and _id(asked.after)
        ),
    }
    asking = {condition: value for condition, value in wanted.items() if value}
    values = {condition.partition("%(")[2].partition(")")[0]: value for condition, value in asking.items()}
    return ["shown = 1", *asking], values | {"tenant": _id(tenant_id()), "account": _id(asked.account_id)}


def _balance(row: tuple[Any, ...]) -> AccountBalance:
    transfer_id, timestamp, *totals = row
    held = dict(zip(_COLUMNS[2:], map(int, totals), strict=True))
    return AccountBalance(transfer_id=UUID(str(transfer_id)), timestamp=aware(timestamp), **held)


def _id(value: UUID) -> Any:
    return UUIDField().get_db_prep_value(value, connection)
