"""Accounts as values: whose they are, the id that follows from it, and the balances that a posting meets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from core.ids import derived_id
from ledger.chart import AccountFlags

#: TigerBeetle's largest amount and balance: an unsigned 128-bit integer.
LARGEST = 2**128 - 1

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


class AccountState(Balances, frozen=True, kw_only=True):
    """An account as a posting finds it; each posting gives the next state."""

    id: UUID
    ledger: int
    flags: int = 0

    def debited(self, amount: int) -> AccountState:
        return msgspec.structs.replace(self, debits_posted=self.debits_posted + amount)

    def credited(self, amount: int) -> AccountState:
        return msgspec.structs.replace(self, credits_posted=self.credits_posted + amount)

    def has(self, flag: AccountFlags) -> bool:
        return bool(self.flags & flag)


def _beginning(customer_id: UUID | None) -> datetime:
    # The first 48 bits of a time-ordered id are its milliseconds since 1970.
    milliseconds = 0 if customer_id is None else min(customer_id.int >> 80, _LATEST)
    return _EPOCH + timedelta(milliseconds=milliseconds)
