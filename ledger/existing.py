"""Whether a transfer that is there already is the one that is to be created."""

from __future__ import annotations

from msgspec.structs import replace

from ledger.accounts import LARGEST, NO_ID
from ledger.results import Result
from ledger.transfers import BALANCING, RESOLVING, Transfer, TransferFlags

#: In the order in which a difference is named; the journal, which names the operation that came first, isn't compared.
_KIND = ("flags", "pending_id", "timeout")
_FACTS = (
    *("debit_account_id", "credit_account_id", "amount", "user_data_128", "user_data_64", "user_data_32"),
    *("ledger", "code"),
)
_TAKEN_OVER = ("debit_account_id", "credit_account_id", "ledger", "code")


def compared(transfer: Transfer, existing: Transfer, *, pending: Transfer | None = None) -> Result:
    """`exists`, or the first field that differs; `pending` is what both of them resolve, if anything."""
    if field := _difference(transfer, existing, _KIND):
        return Result(f"exists_with_different_{field}")
    if transfer.has(RESOLVING) and pending is not None:
        meant = resolution(transfer, pending)
    elif transfer.has(BALANCING) and transfer.amount >= existing.amount:
        # The amount asked for is an upper limit, and what was moved lies within it.
        meant = replace(transfer, amount=existing.amount)
    else:
        meant = transfer
    if field := _difference(meant, existing, _FACTS):
        return Result(f"exists_with_different_{field}")
    # Told again after its period was closed it counts later, and is the same all the same.
    same = meant.meant_at == existing.meant_at
    return Result.EXISTS if same else Result.EXISTS_WITH_DIFFERENT_EFFECTIVE_AT


def resolution(transfer: Transfer, pending: Transfer) -> Transfer:
    """A post or void as it is booked: what it leaves out is the pending transfer's.

    Posting the largest amount there is posts all that is pending; voiding nothing in particular voids all.
    """
    whole = LARGEST if transfer.has(TransferFlags.POST_PENDING_TRANSFER) else 0
    taken = {field: getattr(pending, field) for field in _TAKEN_OVER if getattr(transfer, field) in (0, NO_ID)}
    for field in ("user_data_128", "user_data_64", "user_data_32"):
        taken[field] = getattr(transfer, field) or getattr(pending, field)
    return replace(transfer, **taken, amount=pending.amount if transfer.amount == whole else transfer.amount)


def _difference(one: Transfer, other: Transfer, fields: tuple[str, ...]) -> str | None:
    return next((field for field in fields if getattr(one, field) != getattr(other, field)), None)
