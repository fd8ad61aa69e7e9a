"""What TigerBeetle's queries ask for: which accounts and transfers, of what time, how many, in which order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from ledger.accounts import NO_ID, Balances, check_widths

#: No answer holds more; `after` goes on from there.
LARGEST_ANSWER = 8189


_BITS = {"user_data_64": 64, "user_data_32": 32, "ledger": 32, "code": 16, "limit": 32}


class QueryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Zero and None ask for any. Instants include themselves; `after` is the last id of the page before.

    ValueError for what is too wide.
    """

    user_data_128: UUID | None = None
    user_data_64: int = 0
    user_data_32: int = 0
    ledger: int = 0
    code: int = 0
    timestamp_min: datetime | None = None
    timestamp_max: datetime | None = None
    limit: int = LARGEST_ANSWER
    reversed: bool = False
    after: UUID | None = None

    def __post_init__(self) -> None:
        check_widths(self, _BITS)
        if self.user_data_128 == NO_ID:
            msgspec.structs.force_setattr(self, "user_data_128", None)

    @property
    def is_valid(self) -> bool:
        """Whether there can be an answer; TigerBeetle's to any other filter is empty."""
        late = self.timestamp_min and self.timestamp_max and self.timestamp_min > self.timestamp_max
        return self.limit > 0 and not late


class AccountFilter(QueryFilter, frozen=True, kw_only=True):
    """The transfers of one account: those that debit it, those that credit it, or both."""

    account_id: UUID
    debits: bool = True
    credits: bool = True

    @property
    def is_valid(self) -> bool:
        return super().is_valid and (self.debits or self.credits)


class AccountBalance(Balances, frozen=True, kw_only=True):
    """An account's balances after one of its transfers."""

    transfer_id: UUID
    timestamp: datetime
