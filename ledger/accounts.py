"""Accounts as values: whose they are, the id that follows from it, and the balances that a posting meets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from uuid import UUID

import msgspec

from core.ids import derived_id
from ledger.chart import AccountFlags

#: TigerBeetle's largest amount and balance: an unsigned 128-bit integer.
LARGEST = 2**128 - 1
#: TigerBeetle's "none", and the id that it keeps for itself.
NO_ID, LAST_ID = UUID(int=0), UUID(int=LARGEST)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The last instant of year 9999, in milliseconds: no customer id is held to be younger.
_LATEST = 253_402_300_799_999


class AccountIdentity(msgspec.Struct, frozen=True):
    """What tells one account of a tenant from all others; `sub` is a gateway, wallet, pool, revenue account or none."""

    customer_id: UUID | None
    currency: str
    code: int
    sub: str = ""

    def id_in(self, tenant_id: UUID) -> UUID:
        """The account's id, a function of its identity; accounts of one customer lie side by side in the index."""
        parts = ("account", tenant_id, self.customer_id, self.currency, int(self.code), self.sub)
        return derived_id(_beginning(self.customer_id), *parts)


class Balances(msgspec.Struct, frozen=True):
    """An account's four totals in pico-units, none below zero."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @property
    def net(self) -> int:
        """Posted debits − posted credits: above zero on the debit side."""
        return self.debits_posted - self.credits_posted


class AccountState(msgspec.Struct, gc=False):
    """An account as a posting finds it, and as each transfer leaves it. `flags` say whether it is closed."""

    id: UUID
    ledger: int
    flags: int = 0
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0


_ACCOUNT_BITS = {"user_data_64": 64, "user_data_32": 32, "ledger": 32, "code": 16, "flags": 16}


class AccountRecord(Balances, frozen=True, kw_only=True):
    """An account with all of TigerBeetle's fields: what is to be created, or was. ValueError for what is too wide.

    To be created, its balances are zero and it has no timestamp. Looked up, its flags say whether it is closed now.
    """

    id: UUID
    ledger: int
    code: int
    flags: int = 0
    user_data_128: UUID | None = None
    user_data_64: int = 0
    user_data_32: int = 0
    timestamp: datetime | None = None

    def __post_init__(self) -> None:
        check_widths(self, _ACCOUNT_BITS)
        if self.user_data_128 == NO_ID:
            msgspec.structs.force_setattr(self, "user_data_128", None)

    def has(self, flag: AccountFlags) -> bool:
        return int.__and__(self.flags, flag) != 0


def commodity(currency: str, ledger: int) -> str:
    """What the accounts of a ledger count: a currency, or what only has the ledger's number, as in L7."""
    return currency or f"L{ledger}"


def check_widths(value: msgspec.Struct, bits: Mapping[str, int]) -> None:
    """Raises ValueError where a field is no unsigned integer of so many bits; named flags become their number."""
    for field, width in bits.items():
        found = getattr(value, field)
        if isinstance(found, IntFlag):
            found = int(found)
            msgspec.structs.force_setattr(value, field, found)
        if not isinstance(found, int) or found < 0 or found >> width:
            raise ValueError(f"{field} is an unsigned {width}-bit integer, not {found!r}")


def _beginning(customer_id: UUID | None) -> datetime:
    # The first 48 bits of a time-ordered id are its milliseconds since 1970.
    milliseconds = 0 if customer_id is None else min(customer_id.int >> 80, _LATEST)
    return _EPOCH + timedelta(milliseconds=milliseconds)
