"""What the books say: balances, statements, the trial balance, and what was booked under a key.

Amounts are integers of pico-units. A signed amount is debits − credits: above zero on the debit side.
`as_of` asks for what counts up to an instant, `recorded_by` for what was known by then; both include their instant,
and a span includes its start and not its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from core.access.scope import tenant_id
from ledger.accounts import AccountIdentity, Balances, commodity
from ledger.chart import CHARGED_ACCOUNTS, Code, TransferCode
from ledger.history import get_account_balances
from ledger.lookups import get_account_transfers, lookup_accounts, lookup_transfers, query_accounts, query_transfers
from ledger.models import BALANCES, Account, Transfer
from ledger.reports import Booked, TrialBalance, TrialBalanceRow
from ledger.statements import net, posted

#: TigerBeetle's own queries have files of their own.
__all__ = [
    "balance",
    "balances",
    "booked",
    "get_account_balances",
    "get_account_transfers",
    "identities",
    "lookup_accounts",
    "lookup_transfers",
    "query_accounts",
    "query_transfers",
    "transfers_of",
    "trial_balance",
]


def balances(account_ids: Iterable[UUID]) -> dict[UUID, Balances]:
    """The present balances of the accounts that exist."""
    rows = Account.objects.filter(pk__in=set(account_ids)).values_list("pk", *BALANCES)
    return {account_id: Balances(*totals) for account_id, *totals in rows}


def balance(account: AccountIdentity, *, as_of: datetime | None = None, recorded_by: datetime | None = None) -> int:
    """The account's signed balance now, or with what counted up to an instant, as it was known at one.

    An account that was never opened has nothing on it.
    """
    account_id = account.id_in(tenant_id())
    if as_of is None and recorded_by is None:
        return balances([account_id]).get(account_id, Balances()).net
    return net(account_id, _up_to(as_of, recorded_by))


def identities(*, customer_id: UUID, code: int | None = None) -> list[AccountIdentity]:
    """The accounts that a customer has, of one code or of all."""
    accounts = Account.objects.filter(customer_id=customer_id, **({} if code is None else {"code": code}))
    rows = accounts.order_by("code", "currency", "sub").values_list("customer_id", "currency", "code", "sub")
    return [AccountIdentity(*row) for row in rows]


def trial_balance(*, as_of: datetime | None = None, recorded_by: datetime | None = None) -> TrialBalance:
    """Debits and credits of each code in each currency, now or with what counted up to an instant, as known at one."""
    if as_of is None and recorded_by is None:
        accounts = Account.objects.values_list("currency", "ledger", "code")
        both = accounts.annotate(Sum("debits_posted"), Sum("credits_posted"))
        sums = {(commodity(*of), code): (debit, credit) for *of, code, debit, credit in both}
    else:
        sums = _sums_of(posted().filter(_up_to(as_of, recorded_by)))
    return TrialBalance(
        tuple(
            TrialBalanceRow(currency=currency, code=code, debits=debit, credits=credit)
            for (currency, code), (debit, credit) in sorted(sums.items())
            if debit or credit
        )
    )


def booked(
    keys: Iterable[UUID],
    *,
    accounts: Collection[Code] = tuple(CHARGED_ACCOUNTS.values()),
    codes: Collection[TransferCode] = tuple(CHARGED_ACCOUNTS),
) -> dict[UUID, Booked]:
    """What the ledger holds under each charge key that has transfers: debits − credits of 1200, or 1210 for accruals.

    Billing rules §1.2; the count is the n of the key's next transfer (§1.4).
    """
    charges = posted().filter(user_data_128__in=set(keys), code__in=codes)
    rows = charges.values_list("user_data_128").annotate(
        count=Count("pk"),
        debit=Sum("amount", filter=Q(debit_account__code__in=accounts), default=0),
        credit=Sum("amount", filter=Q(credit_account__code__in=accounts), default=0),
    )
    return {key: Booked(count, debit - credit) for key, count, debit, credit in rows}


def transfers_of(user_data_128: UUID) -> QuerySet[Transfer]:
    """All transfers about one charge key or document, in the order in which they count."""
    about: QuerySet[Transfer] = Transfer.objects.filter(user_data_128=user_data_128)
    return about.select_related("debit_account", "credit_account").order_by("effective_at", "timestamp", "code", "id")


def _up_to(as_of: datetime | None, recorded_by: datetime | None) -> Q:
    counted = Q() if as_of is None else Q(effective_at__lte=as_of)
    return counted if recorded_by is None else counted & Q(timestamp__lte=recorded_by)


def _sums_of(transfers: QuerySet[Transfer]) -> dict[tuple[str, int], tuple[int, int]]:
    """(currency, code) → debits and credits."""
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for currency, ledger, code, debit in _by_code(transfers, side="debit_account"):
        sums[commodity(currency, ledger), code] = (debit, 0)
    for currency, ledger, code, credit in _by_code(transfers, side="credit_account"):
        key = (commodity(currency, ledger), code)
        sums[key] = (sums.get(key, (0, 0))[0], credit)
    return sums


def _by_code(transfers: QuerySet[Transfer], *, side: str) -> Iterable[tuple[str, int, int, int]]:
    return transfers.values_list(f"{side}__currency", "ledger", f"{side}__code").annotate(Sum("amount"))
