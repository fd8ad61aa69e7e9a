"""A transaction that the database undoes at any statement: all of the batch is booked, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, connection

from core.db.transaction import atomic
from ledger import selectors
from ledger.chart import AccountFlags
from ledger.integrity import CHECKS
from ledger.models import FailedTransfer
from ledger.services import create_transfers, post
from ledger.transfers import Transfer, TransferFlags
from tests.ledger.builders import MARCH_1, bare_account, fresh_tenant, move, settle
from tests.support.roles import on_postgresql

pytestmark = pytest.mark.usefixtures("transactional_db")
_STATES = {"deadlock": "40P01", "serialization failure": "40001"}
#: MariaDB's own: a deadlock, and a wait for a lock that took too long.
_NUMBERS = {"40P01": 1213, "40001": 1205}


class Interruption:
    """Makes the server raise an error instead of the `at`-th statement, once."""

    def __init__(self, at: int, state: str) -> None:
        self.left, self.state, self.happened = at, state, False

    @contextmanager
    def lurking(self) -> Iterator[None]:
        """While inside, it may happen."""
        if not on_postgresql():
            with connection.execute_wrapper(self._wrapped):
                yield
            return
        # What Django's own cursors send, and what is sent past them.
        execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy

        def executed(cursor: Any, *arguments: Any, **named: Any) -> Any:
            self._maybe(lambda raising: execute(cursor, raising))
            return execute(cursor, *arguments, **named)

        def copied(cursor: Any, *arguments: Any, **named: Any) -> Any:
            self._maybe(lambda raising: execute(cursor, raising))
            return copy(cursor, *arguments, **named)

        with patch.object(psycopg.Cursor, "execute", executed), patch.object(psycopg.Cursor, "copy", copied):
            yield

    def _wrapped(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        with connection.wrap_database_errors:
            self._maybe(context["cursor"].cursor.execute)
        return execute(sql, params, many, context)

    def _maybe(self, execute: Callable[[str], Any]) -> None:
        self.left -= 1
        if self.left == 0:
            self.happened = True
            execute(_raising(self.state))


def _raising(state: str) -> str:
    if on_postgresql():
        return f"DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{state}'; END $$"
    return f"SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = {_NUMBERS[state]}, MESSAGE_TEXT = 'injected'"


#: How many plain transfers; each number goes its own way into the database.
_PLAIN = {"one": 1, "two": 2, "many": 3}
KINDS = [*_PLAIN, "of all kinds"]


class Books:
    """A wallet with 10, and a batch: plain, or one that holds, posts, closes, is refused and fails for good."""

    def __init__(self, kind: str) -> None:
        self.bank, self.other = bare_account(), bare_account()
        self.wallet = bare_account(AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS)
        assert create_transfers([move(self.bank, self.wallet, 10)], at=MARCH_1) == ["created"]
        self.batch, self.expected = self._plain(_PLAIN[kind]) if kind in _PLAIN else self._of_all_kinds()
        self.before = self.state()

    def _plain(self, count: int) -> tuple[list[Transfer], list[str]]:
        return [move(self.bank, self.other, 1) for _ in range(count)], ["created"] * count

    def _of_all_kinds(self) -> tuple[list[Transfer], list[str]]:
        pending = move(self.wallet, self.other, 6, flags=TransferFlags.PENDING)
        closing = move(self.bank, self.other, 0, flags=TransferFlags.PENDING | TransferFlags.CLOSING_DEBIT)
        batch = [
            pending,
            move(self.wallet, self.other, 5),
            settle(pending, TransferFlags.POST_PENDING_TRANSFER),
            closing,
        ]
        return batch, ["created", "exceeds_credits", "created", "created"]

    def state(self) -> list[Any]:
        accounts: list[UUID] = [self.bank, self.other, self.wallet]
        return [*selectors.lookup_accounts(accounts), FailedTransfer.objects.count()]


@contextmanager
def interrupted_at_each_statement(state: str, kind: str) -> Iterator[Iterator[tuple[Books, Interruption]]]:
    def each() -> Iterator[tuple[Books, Interruption]]:
        for at in count(1):
            with fresh_tenant():
                interruption = Interruption(at, _STATES[state])
                yield Books(kind), interruption
                assert [finding for check in CHECKS for finding in check.run().findings] == []
            if not interruption.happened:
                assert at > 1
                return

    yield each()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", _STATES)
def test_a_batch_of_its_own_is_posted_again(state: str, kind: str) -> None:
    """And comes out as if nothing had happened."""
    with interrupted_at_each_statement(state, kind) as each:
        for books, interruption in each:
            with interruption.lurking():
                assert create_transfers(books.batch, at=MARCH_1) == books.expected
            moved = books.state()
            again = create_transfers(books.batch, at=MARCH_1)
            assert moved == books.state()
            assert [one if one != "exists" else "created" for one in again] == [
                "id_already_failed" if one == "exceeds_credits" else one for one in books.expected
            ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", _STATES)
def test_in_the_callers_transaction_it_fails_cleanly(state: str, kind: str) -> None:
    """Only the outermost may repeat: it gets the database's error, and nothing of the batch stays."""
    with interrupted_at_each_statement(state, kind) as each:
        for books, interruption in each:
            if _fails(books, interruption):
                assert books.state() == books.before
            assert interruption.happened or books.state() != books.before


def _fails(books: Books, interruption: Interruption) -> bool:
    try:
        with interruption.lurking(), atomic():
            post(books.batch, at=MARCH_1)
    except OperationalError:
        return True
    assert not interruption.happened
    return False
