"""Whether stored balances are the sums of what moved them, and accounts and transfers belong together."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model, UUIDField

from core.access.scope import tenant_id
from core.db.asking import count, fetched
from core.db.ledger.rules import OF_A_KIND
from core.integrity import Check, Finding, Outcome, outcome
from core.money import format_pico
from ledger.accounts import commodity
from ledger.chart import AccountFlags, account_name
from ledger.models import Account, Transfer

#: Of one kind of fault this many are named; the rest shows once they are mended.
_NAMED = 100

_LEDGERS = "SELECT COUNT(DISTINCT ledger) FROM ledger_account WHERE tenant_id = %(tenant)s"

# ruff: noqa: S608 - the statements are made of constants
_UNBALANCED = """
SELECT currency, ledger, SUM(debits_posted), SUM(credits_posted) FROM ledger_account WHERE tenant_id = %(tenant)s
GROUP BY currency, ledger HAVING SUM(debits_posted) <> SUM(credits_posted) ORDER BY currency, ledger
"""

# Pending balances are what was held, less what was posted, voided or expired.
_STEPS = """
SELECT one.debit_account_id, one.credit_account_id,
       CASE WHEN (one.flags & 10) <> 0 THEN 0 ELSE one.amount END AS posted,
       CASE WHEN (one.flags & 2) <> 0 THEN one.amount ELSE -COALESCE(pending.amount, 0) END AS held
FROM ledger_transfer one LEFT JOIN ledger_transfer pending ON pending.id = one.pending_id
WHERE one.tenant_id = %(tenant)s
UNION ALL
SELECT pending.debit_account_id, pending.credit_account_id, 0, -pending.amount
FROM ledger_expiry expiry JOIN ledger_transfer pending ON pending.id = expiry.id
WHERE expiry.tenant_id = %(tenant)s
"""

_DRIFTED = f"""
SELECT account.id, account.code,
       account.debits_posted - COALESCE(moved.debits, 0), account.credits_posted - COALESCE(moved.credits, 0),
       account.debits_pending - COALESCE(moved.debits_held, 0),
       account.credits_pending - COALESCE(moved.credits_held, 0)
FROM ledger_account account
LEFT JOIN (
    SELECT account_id, SUM(debit) AS debits, SUM(credit) AS credits,
           SUM(debit_held) AS debits_held, SUM(credit_held) AS credits_held
    FROM (
        SELECT debit_account_id AS account_id, posted AS debit, held AS debit_held, 0 AS credit, 0 AS credit_held
        FROM ({_STEPS}) debits
        UNION ALL
        SELECT credit_account_id, 0, 0, posted, held FROM ({_STEPS}) credits
    ) sides
    GROUP BY account_id
) moved ON moved.account_id = account.id
WHERE account.tenant_id = %(tenant)s
  AND (account.debits_posted <> COALESCE(moved.debits, 0) OR account.credits_posted <> COALESCE(moved.credits, 0)
       OR account.debits_pending <> COALESCE(moved.debits_held, 0)
       OR account.credits_pending <> COALESCE(moved.credits_held, 0))
ORDER BY account.id
"""

_STRANGERS = """
SELECT transfer.id FROM ledger_transfer transfer
LEFT JOIN ledger_account debit ON debit.id = transfer.debit_account_id
LEFT JOIN ledger_account credit ON credit.id = transfer.credit_account_id
WHERE transfer.tenant_id = %(tenant)s
  AND (debit.id IS NULL OR credit.id IS NULL OR debit.id = credit.id
       OR debit.tenant_id <> transfer.tenant_id OR credit.tenant_id <> transfer.tenant_id
       OR debit.ledger <> transfer.ledger OR credit.ledger <> transfer.ledger OR debit.currency <> credit.currency)
ORDER BY transfer.id
"""

_UNMEANT = f"SELECT id FROM ledger_transfer WHERE tenant_id = %(tenant)s AND NOT ({OF_A_KIND}) ORDER BY id"

_ORPHANS = """
SELECT account.id, account.code FROM ledger_account account
LEFT JOIN customers_customer customer ON customer.id = account.customer_id
WHERE account.tenant_id = %(tenant)s AND account.customer_id IS NOT NULL
  AND (customer.id IS NULL OR customer.tenant_id <> account.tenant_id)
ORDER BY account.id
"""

_UNGUARDED = """
SELECT id, code, credits_posted - debits_posted - debits_pending, debits_posted - credits_posted - credits_pending
FROM ledger_account
WHERE tenant_id = %(tenant)s
  AND ((flags & %(debits_guarded)s) <> 0 AND debits_pending + debits_posted > credits_posted
    OR (flags & %(credits_guarded)s) <> 0 AND credits_pending + credits_posted > debits_posted)
ORDER BY id
"""


def _unbalanced(currency: str, ledger: int, debits: Decimal, credits: Decimal) -> Finding:
    return Finding(commodity(currency, ledger), f"debits are {_amount(debits)} and credits {_amount(credits)}")


def _drifted(id: object, code: int, *differences: Decimal) -> Finding:
    sides = ("debits posted", "credits posted", "debits pending", "credits pending")
    off = [f"{side} by {_amount(by)}" for side, by in zip(sides, differences, strict=True) if by != 0]
    return Finding(account_named(id, code), f"stored balances differ from the sum of the transfers: {', '.join(off)}")


def _stranger(id: object) -> Finding:
    return Finding(f"transfer {id}", "its accounts are missing, the same, of another tenant or of another currency")


def _unmeant(id: object) -> Finding:
    return Finding(f"transfer {id}", "its flags, its time-out and the pending transfer that it names don't agree")


def _orphan(id: object, code: int) -> Finding:
    return Finding(account_named(id, code), "its customer is missing or of another tenant")


def _unguarded(id: object, code: int, credit: Decimal, debit: Decimal) -> Finding:
    return Finding(account_named(id, code), f"a guarded account is overdrawn by {_amount(max(-credit, -debit))}")


def _asking(
    query: str, finding: Callable[..., Finding], *, of: type[Model], unit: str, counting: str = ""
) -> Callable[[], Outcome]:
    """A check's work: what the query returns of that model's rows is wrong, row by row."""

    def run() -> Outcome:
        counted = count(of)
        rows = _rows(f"{query} LIMIT {_NAMED}") if counted else []
        if counted and counting:
            counted = int(_rows(counting)[0][0])
        return outcome(counted, unit, [finding(*row) for row in rows])

    return run


def _rows(query: str) -> list[tuple[Any, ...]]:
    values = {
        "tenant": UUIDField().get_db_prep_value(tenant_id(), connection),
        "debits_guarded": AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS.value,
        "credits_guarded": AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return fetched(cursor)


def account_named(id: object, code: int) -> str:
    return f"account {id} ({code} {account_name(code)})"


def _amount(value: Decimal) -> str:
    # Corrupted books may even hold NaN.
    return format_pico(int(value)) if Decimal(value).is_finite() else str(value)


CHECKS: tuple[Check, ...] = (
    Check(
        name="ledger.balanced",
        rule=1,
        sentence="In each currency, debits equal credits.",
        run=_asking(_UNBALANCED, _unbalanced, of=Account, unit="currencies", counting=_LEDGERS),
    ),
    Check(
        name="ledger.balances",
        rule=1,
        sentence="Every stored balance equals the sum of its transfers.",
        run=_asking(_DRIFTED, _drifted, of=Account, unit="accounts"),
    ),
    Check(
        name="ledger.transfers",
        rule=1,
        sentence="Every transfer joins two accounts of its own tenant and currency.",
        run=_asking(_STRANGERS, _stranger, of=Transfer, unit="transfers"),
    ),
    Check(
        name="ledger.kinds",
        rule=1,
        sentence="Every transfer is plain, pending, or posts or voids a pending one.",
        run=_asking(_UNMEANT, _unmeant, of=Transfer, unit="transfers"),
    ),
    Check(
        name="ledger.customers",
        rule=1,
        sentence="Every account is of no customer, or of one of its own tenant.",
        run=_asking(_ORPHANS, _orphan, of=Account, unit="accounts"),
    ),
    Check(
        name="ledger.guards",
        rule=1,
        sentence="No guarded account is overdrawn.",
        run=_asking(_UNGUARDED, _unguarded, of=Account, unit="accounts"),
    ),
)
