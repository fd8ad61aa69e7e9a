"""Transfers as billing makes them: derived ids in time order, journals of ten, each about something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from msgspec.structs import replace

from bench.books.tenants import BEGINNING, LEDGER
from core.ids import derived_id
from ledger.chart import TransferCode
from ledger.transfers import Transfer, TransferFlags

_IN_A_JOURNAL = 10
_LARGEST = 100 * 10**12  # pico-units
_PENDING = 3
#: By place in a journal; the chain ends with the third, which has none, and the one after the pending one posts it.
_FLAGS = {
    0: TransferFlags.LINKED.value,
    1: TransferFlags.LINKED.value,
    _PENDING: TransferFlags.PENDING.value,
    5: TransferFlags.BALANCING_DEBIT.value,
}


class Maker:
    """Makes transfers between two accounts drawn by chance; the same `seed` makes the same ones, ids included."""

    def __init__(self, accounts: Sequence[UUID], *, seed: str) -> None:
        self._accounts = accounts
        self._seed = seed
        self._chance = Random(seed)
        self._made = 0

    def take(self, count: int) -> list[Transfer]:
        """The next so many."""
        return [self._next() for _ in range(count)]

    def _next(self) -> Transfer:
        journal, self._made = self._made // _IN_A_JOURNAL, self._made + 1
        effective_at = BEGINNING + timedelta(seconds=journal)
        debit, credit = self._chance.sample(self._accounts, 2)
        return Transfer(
            id=derived_id(effective_at, "transfer", self._seed, self._made),
            debit_account_id=debit,
            credit_account_id=credit,
            amount=self._chance.randint(1, _LARGEST),
            ledger=LEDGER,
            code=TransferCode.CHARGE.value,
            effective_at=effective_at,
            journal_id=derived_id(effective_at, "journal", self._seed, journal),
            user_data_128=derived_id(effective_at, "about", self._seed, self._made),
        )


def flagged(transfers: Sequence[Transfer]) -> list[Transfer]:
    """The same, but six of each ten aren't plain: three are a chain, one is pending, one posts it, one balances."""
    told: list[Transfer] = []
    for number, transfer in enumerate(transfers):
        place = number % _IN_A_JOURNAL
        if place == _PENDING + 1:
            told.append(_posting(told[-1], by=transfer))
        else:
            told.append(replace(transfer, flags=_FLAGS.get(place, 0)))
    return told


def _posting(pending: Transfer, *, by: Transfer) -> Transfer:
    flags = TransferFlags.POST_PENDING_TRANSFER.value
    return replace(pending, id=by.id, user_data_128=by.user_data_128, pending_id=pending.id, flags=flags)
