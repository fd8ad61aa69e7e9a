"""The two ways into the books: plain transfers all at once, if all are in order; else one judged after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from django.db import DataError, IntegrityError

from core.db import vendor
from core.db.ledger import single
from core.db.transaction import atomic
from core.errors import Refusal
from ledger import expiring, periods, rows
from ledger.books import Books
from ledger.judging import judge_all
from ledger.results import Result
from ledger.transfers import Transfer, TransferFlags


class IdTaken(Refusal):
    """An id of the batch can't be used here: ids are unique in the whole installation, and random ones don't meet.

    `transfer` or `account` is that id, where it is known.
    """

    code = "id_taken"


def posted_at_once(transfers: Sequence[Transfer], *, at: datetime) -> bool:
    """Whether the database took a batch of plain transfers, each of which it found in order.

    Else it took none, and nothing is locked that was not locked before: the judge says which, and why not.
    """
    if not all(map(_is_plain, transfers)):
        return False
    if len(transfers) == 1 and single.is_available():
        return single.posted(rows.values(transfers[0], at=at))
    try:
        with atomic(savepoint=True):
            rows.lock_where_guarded(_sides(transfers))
            rows.insert_transfers(transfers, at=at)
    except (IntegrityError, DataError):  # the latter where a balance would not even fit its column
        return False
    return True


def _is_plain(transfer: Transfer) -> bool:
    return type(transfer) is Transfer and not (transfer.flags or transfer.pending_id or transfer.timeout)


def post_in_order(transfers: Sequence[Transfer], *, at: datetime) -> list[Result]:
    """Each judged after those before it; the database takes what is to be created at once."""
    ids = {transfer.id for transfer in transfers}
    there: int | None = None
    while True:
        try:
            return _judged_and_inserted(transfers, at=at)
        except IntegrityError as error:
            # The same id was posted between other accounts since we looked: it is there to be seen now.
            before, there = there, _count(ids)
            if there == before:
                _refuse(error, transfers)


def _count(ids: Collection[UUID]) -> int:
    """How many of them are posted, or spent."""
    return len(rows.transfers(ids)) + len(rows.failed(ids))


def _refuse(error: IntegrityError, transfers: Sequence[Transfer]) -> NoReturn:
    """Says what the database meant, where that is known."""
    if periods.REFUSAL in str(error):
        periods.refuse([transfer.effective_at for transfer in transfers])
    if vendor.is_duplicate(error):
        taken = vendor.named_in(error, (transfer.id for transfer in transfers))
        raise IdTaken("a transfer of that id is there already", field="id", transfer=taken) from error
    raise error


def _judged_and_inserted(transfers: Sequence[Transfer], *, at: datetime) -> list[Result]:
    with atomic(savepoint=True):
        books = _books(transfers, at=at)
        results: list[Result] = []
        rows.insert_transfers(_created(transfers, books, results, at=at), at=at)
        rows.insert_failed(books.failed_now, at=at)
    return results


def _created(transfers: Sequence[Transfer], books: Books, results: list[Result], *, at: datetime) -> Iterator[Transfer]:
    """Those that are created, as they are judged: the database takes them in meanwhile. All results go to `results`."""
    created = 0
    for result in judge_all(transfers, books, at=at):
        results.append(result)
        if result is Result.CREATED:
            yield books.created[created]
            created += 1


def _books(transfers: Sequence[Transfer], *, at: datetime) -> Books:
    """What the batch meets: its accounts locked, and nothing held on them whose time was up."""
    ids = {transfer.id for transfer in transfers}
    held = rows.transfers({transfer.pending_id for transfer in transfers if transfer.pending_id})
    sides = _sides([*transfers, *held.values()])
    late = expiring.due(at=at, touching=sides)
    accounts = rows.locked_accounts(sides | {account_id for both in late.values() for account_id in both})
    if late and expiring.expire(late, at=at):
        accounts = rows.locked_accounts(sides)
    known = held | rows.transfers(ids)
    pending = rows.pending([one.id for one in known.values() if one.has(TransferFlags.PENDING)])
    return Books(accounts=accounts, transfers=known, pending=pending, failed=rows.failed(ids))


def _sides(transfers: Iterable[Transfer]) -> set[UUID]:
    return {account_id for one in transfers for account_id in (one.debit_account_id, one.credit_account_id)}
