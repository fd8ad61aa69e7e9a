"""P13: many transfers in batches, against a bare COPY of the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from uuid import UUID

from django.db import connection

from bench.books.limit import CopyLimit
from bench.books.tenants import BEGINNING, LEDGER, accounts, begin_anew, tenant
from bench.books.transfers import Maker, flagged
from bench.kit.command import Effort
from bench.kit.results import Goal, Result, in_turn
from bench.kit.server import Server
from core.access.scope import tenant_scope
from core.db.transaction import atomic
from core.ids import derived_id
from ledger import services
from ledger.chart import Code, TransferCode
from ledger.results import Result as Outcome
from ledger.transfers import Transfer

_TRANSFERS, _ACCOUNTS, _BATCH, _SMALL_BATCH = 100_000, 20_000, 10_000, 1_000
_PLENTY = 10**24


def plain(server: Server, effort: Effort) -> Result:
    """Accounts without guards, where one COPY takes a batch."""
    return _measured(server, effort, goal=Goal(name="P13 plain", unit="transfers/s", target=0.50), in_order=False)


def ordered(server: Server, effort: Effort) -> Result:
    """Six of ten with flags or chained, guarded accounts: each transfer is judged after those before it."""
    return _measured(server, effort, goal=Goal(name="P13 ordered", unit="transfers/s", target=0.30), in_order=True)


def _measured(server: Server, effort: Effort, *, goal: Goal, in_order: bool) -> Result:
    begin_anew(server)
    key = "bench-guarded" if in_order else "bench-plain"
    opened = accounts(key, code=Code.WALLET_PAID if in_order else Code.REVENUE, count=effort.sized(_ACCOUNTS))
    if in_order:
        _fund(key, opened)
    maker, limit, made = Maker(opened, seed=goal.name), CopyLimit(server), list[Transfer]()

    def taken() -> list[Transfer]:
        transfers = maker.take(effort.sized(_TRANSFERS))
        return flagged(transfers) if in_order else transfers

    def posting() -> float:
        made[:] = taken()
        return _posted(key, made, batch=effort.sized(_BATCH))

    with limit.table():
        product, bare = in_turn(
            product=posting,
            limit=lambda: limit.copied(tenant(key), made),
            runs=effort.runs,
            before=lambda: server.ready("ledger_account"),
        )
    small = _posted(key, taken(), batch=effort.sized(_SMALL_BATCH))
    return Result(goal=goal, product=product, limit=bare, note=_note(effort, small, in_order=in_order))


def _posted(key: str, transfers: Sequence[Transfer], *, batch: int) -> float:
    """Transfers per second through the product, a commit for each batch. Raises AssertionError if one was refused."""
    with tenant_scope(tenant(key)):
        begun = perf_counter()
        for first in range(0, len(transfers), batch):
            with atomic():
                outcomes = services.post(transfers[first : first + batch], at=BEGINNING)
            assert set(outcomes) == {Outcome.CREATED}
        return len(transfers) / (perf_counter() - begun)


def _fund(key: str, guarded: Sequence[UUID]) -> None:
    (source,) = accounts(key, code=Code.BANK, count=1)
    transfers = [
        Transfer(
            id=derived_id(BEGINNING, "funding", account),
            debit_account_id=source,
            credit_account_id=account,
            amount=_PLENTY,
            ledger=LEDGER,
            code=TransferCode.TOP_UP.value,
            effective_at=BEGINNING,
            journal_id=derived_id(BEGINNING, "funding"),
        )
        for account in guarded
    ]
    with tenant_scope(tenant(key)), atomic():
        services.post_all(transfers, at=BEGINNING)
    connection.close()


def _note(effort: Effort, small: float, *, in_order: bool) -> str:
    flags = "six of ten not plain (a chain of three, a pending one and what posts it, a balancing one), "
    guarded = "guarded " if in_order else ""
    sizes = (
        f"{effort.sized(_TRANSFERS):,} transfers, {flags if in_order else ''}"
        f"between {effort.sized(_ACCOUNTS):,} {guarded}accounts"
    )
    batches = (
        f"a commit for each {effort.sized(_BATCH):,}; with {effort.sized(_SMALL_BATCH):,} to a commit {small:,.0f}/s"
    )
    return (
        f"{sizes}, {batches}. Limit: one COPY of the same rows in text, rendered beforehand, in one transaction into a "
        "table of the product's columns with its four b-trees, without checks, triggers and balances; both tables "
        "begin alike, and keep the rows of earlier runs."
    )
