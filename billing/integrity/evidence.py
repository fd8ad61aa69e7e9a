"""Beside each charge transfer stands its evidence, and beside each piece of evidence its transfer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, islice
from typing import Any
from uuid import UUID

from billing import evidence
from billing.booked import key_of
from billing.keys import charge_id, key_id
from billing.models import Charge, ChargeKeyRow
from core.access.scope import tenant_id
from core.db.asking import NAMED, count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.money import PICO
from ledger import selectors as books
from ledger.chart import CHARGED_ACCOUNTS, Code, TransferCode
from ledger.models import Transfer
from ledger.reports import Booked

_CHUNK = 1000

# ruff: noqa: S608 - the statements are constants
_UNLIKE = f"""
SELECT charge.id, transfer.id
FROM billing_charge charge
LEFT JOIN billing_chargekeyrow name ON name.id = charge.key_id
LEFT JOIN contracts_subscription subscription ON subscription.id = name.subscription_id
LEFT JOIN contracts_price price ON price.id = name.price_id
LEFT JOIN ledger_transfer transfer ON transfer.id = charge.id AND transfer.tenant_id = charge.tenant_id
LEFT JOIN ledger_account owed ON owed.id =
    CASE WHEN charge.amount > 0 THEN transfer.debit_account_id ELSE transfer.credit_account_id END
LEFT JOIN ledger_account earned ON earned.id =
    CASE WHEN charge.amount > 0 THEN transfer.credit_account_id ELSE transfer.debit_account_id END
WHERE charge.tenant_id = %(tenant)s
  AND CASE
    WHEN transfer.amount = ABS(charge.amount) AND transfer.code = {TransferCode.CHARGE:d}
     AND transfer.user_data_128 = charge.key_id
     AND COALESCE(transfer.belongs_at, transfer.effective_at) = charge.due_from
     AND charge.payer_id = name.payer_id AND charge.currency = name.currency
     AND owed.code = {Code.UNBILLED_RECEIVABLE:d}
     AND owed.customer_id = charge.payer_id AND owed.currency = charge.currency
     AND earned.code = CASE price.timing WHEN 'advance' THEN {Code.DEFERRED_REVENUE:d} ELSE {Code.REVENUE:d} END
     AND earned.customer_id = subscription.customer_id
    THEN 0 ELSE 1 END = 1
ORDER BY charge.id
"""

_UNEXPLAINED = f"""
SELECT transfer.id FROM ledger_transfer transfer
LEFT JOIN billing_charge charge ON charge.id = transfer.id AND charge.tenant_id = transfer.tenant_id
WHERE transfer.tenant_id = %(tenant)s AND charge.id IS NULL
  AND transfer.code IN ({", ".join(str(int(code)) for code in CHARGED_ACCOUNTS)})
ORDER BY transfer.id
"""


def _transfers() -> Outcome:
    missing = "it has no transfer"
    unlike = "its transfer has another amount, account, key or instant"
    strange = faults(_UNLIKE) if holds(Charge) else ()
    found = [Finding(f"charge {identity}", unlike if transfer else missing) for identity, transfer in strange]
    unexplained = faults(_UNEXPLAINED) if holds(Transfer) else ()
    found += [Finding(f"transfer {identity}", "it books a charge without evidence") for (identity,) in unexplained]
    return outcome(count(Charge), "charges", found)


def _keys() -> Outcome:
    return outcome(count(ChargeKeyRow), "charge keys", islice(_wrong_keys(), NAMED) if holds(ChargeKeyRow) else ())


def _wrong_keys() -> Iterator[Finding]:
    rows = ChargeKeyRow.objects.order_by("id")
    chunk = list(rows[:_CHUNK])
    while chunk:
        charges, booked = _charges(chunk), books.booked(row.id for row in chunk)
        for row in chunk:
            if wrong := _wrong(row, charges[row.id], booked.get(row.id)):
                yield Finding(f"charge key {row.id}", ", ".join(wrong))
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:_CHUNK])


def _charges(keys: Sequence[ChargeKeyRow]) -> dict[UUID, list[Charge]]:
    found: dict[UUID, list[Charge]] = defaultdict(list)
    for charge in Charge.objects.filter(key__in=keys).order_by("key", "n").only("id", "key", "n", "amount", "rated"):
        found[charge.key_id].append(charge)
    return found


def _wrong(row: ChargeKeyRow, charges: Sequence[Charge], booked: Booked | None) -> list[str]:
    tenant = tenant_id()
    total = Booked(len(charges), sum(charge.amount for charge in charges))
    right = {
        "its id is not derived from its name": row.id == key_id(tenant, key_of(row)),
        "it has no charge": bool(charges),
        "its charges are not numbered without gap": [one.n for one in charges] == list(range(len(charges))),
        "a charge's id is not derived from its number": all(
            one.id == charge_id(tenant, row.id, row.period_start, one.n) for one in charges
        ),
        "its evidence does not come to what was charged": _is_explained(charges),
        "the ledger holds another sum for it": booked == total,
    }
    return [what for what, holds in right.items() if not holds]


def _is_explained(charges: Sequence[Charge]) -> bool:
    """Whether each rating is what the charges up to it add up to.

    Each charge may add a pico of its own: a part of a fee is the difference of two rounded amounts, and a reversal
    takes one rounded amount from another.
    """
    sums = accumulate(charge.amount for charge in charges)
    return all(
        abs(_amount(charge.rated) * PICO - so_far) <= charge.n + 1 for charge, so_far in zip(charges, sums, strict=True)
    )


def _amount(rows: Any) -> Fraction:
    return evidence.read_rated(rows).amount


CHECKS = (
    Check(
        "billing.transfers", 4, "Each charge has its transfer, and each transfer of a charge its evidence.", _transfers
    ),
    Check("billing.keys", 4, "Each key is its name, and its charges are numbered, explained and booked.", _keys),
)
