"""Random batches with all flags: results, balances and fates are those of a naive state machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ledger import selectors
from ledger.accounts import NO_ID, AccountRecord, AccountState
from ledger.books import Books
from ledger.chart import AccountFlags
from ledger.integrity import CHECKS
from ledger.judging import judge_all
from ledger.models import Pending
from ledger.services import create_accounts, create_transfers, expire_pending
from ledger.transfers import Transfer
from tests.ledger.builders import MARCH_1, fresh_tenant
from tests.ledger.model import CLOSED, MAX, Account, Machine
from tests.support.effort import sized

#: 1 and 2 are free, 3 is a wallet, 4 its mirror, 5 of another ledger, 6 opened as closed; 7 isn't there.
_ACCOUNTS = {1: (1, 8), 2: (1, 0), 3: (1, 2), 4: (1, 4), 5: (2, 0), 6: (1, 32)}

_NOTHING = {"pending_id": 0, "timeout": 0, "user_data_128": 0, "user_data_64": 0, "user_data_32": 0}
_TAKEN_OVER = {"debit": 0, "credit": 0, "ledger": 0, "code": 0}
_PAIRS = [
    (1, 2),
    (2, 1),
    (1, 3),
    (3, 1),
    (2, 4),
    (4, 2),
    (3, 4),
    (1, 3),
    (2, 3),
    (4, 1),
    (1, 6),
    (5, 1),
    (7, 1),
    (1, 7),
]
_amounts = st.one_of(st.integers(0, 12), st.integers(0, 12), st.sampled_from([MAX, MAX - 5, MAX // 2]))
_links = st.sampled_from([0, 0, 0, 1])
_wild: dict[str, st.SearchStrategy[Any]] = {
    "id": st.sampled_from([0, 1, 2]),
    "debit": st.integers(0, 7),
    "credit": st.integers(0, 7),
    "amount": _amounts,
    "pending_id": st.integers(0, 5),
    "timeout": st.integers(0, 3),
    "ledger": st.integers(0, 2),
    "code": st.sampled_from([0, 901]),
    "flags": st.integers(0, 255),
    "user_data_128": st.sampled_from([0, 7]),
    "user_data_64": st.sampled_from([0, 2**64 - 1]),
    "user_data_32": st.sampled_from([0, 2**32 - 1]),
}


@st.composite
def _batches(draw: st.DrawFn) -> list[tuple[int, list[dict[str, Any]]]]:
    """Seconds that pass, and what is posted then: mostly sensible, some of it said twice, some of it wild."""
    said: list[dict[str, Any]] = []
    held: list[int] = [1]
    batches = []
    for _ in range(draw(st.integers(1, 4))):
        batch = [_event(draw, said, held) for _ in range(draw(st.integers(1, 10)))]
        batches.append((draw(st.integers(0, 2)), batch))
    return batches


def _event(draw: st.DrawFn, said: list[dict[str, Any]], held: list[int]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["move", "move", "hold", "hold", "settle", "settle", "again", "wild"]))
    if kind == "again" and said:
        made: dict[str, Any] = draw(st.sampled_from(said))
    else:
        made = _settling(draw, held) if kind == "settle" else _moving(draw, holds=kind == "hold")
        made = {**made, "id": len(said) + 1}
    if kind in {"again", "wild"}:
        for name in draw(st.lists(st.sampled_from(sorted(_wild)), max_size=2, unique=True)):
            made = {**made, name: draw(_wild[name])}
    said.append(made)
    if made["flags"] & 2:
        held.append(made["id"])
    return made


def _moving(draw: st.DrawFn, *, holds: bool) -> dict[str, Any]:
    debit, credit = draw(st.sampled_from(_PAIRS))
    flags = draw(st.sampled_from([0, 0, 0, 16, 32, 48])) | draw(_links)
    made = {**_NOTHING, "debit": debit, "credit": credit, "amount": draw(_amounts), "ledger": 1, "code": 900}
    if holds:
        closes = draw(st.sampled_from([0, 0, 0, 0, 64, 128]))
        return {**made, "flags": flags | 2 | closes, "timeout": draw(st.sampled_from([0, 0, 1, 3]))}
    return {**made, "flags": flags}


def _settling(draw: st.DrawFn, held: list[int]) -> dict[str, Any]:
    posts = draw(st.booleans())
    amount = draw(st.sampled_from([MAX if posts else 0, MAX if posts else 0, 1, 3]))
    flags = (4 if posts else 8) | draw(_links)
    return {**_NOTHING, **_TAKEN_OVER, "amount": amount, "flags": flags, "pending_id": draw(st.sampled_from(held))}


_relaxed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def _machine() -> Machine:
    return Machine(accounts={key: Account(ledger, flags) for key, (ledger, flags) in _ACCOUNTS.items()})


def _transfer(made: dict[str, Any], name: Callable[[int], UUID]) -> Transfer:
    ids = {"id": "id", "debit": "debit_account_id", "credit": "credit_account_id", "pending_id": "pending_id"}
    facts: dict[str, Any] = {ids[key]: name(made[key]) for key in ids}
    facts |= {key: value for key, value in made.items() if key not in ids}
    facts["user_data_128"] = UUID(int=made["user_data_128"])
    return Transfer(**facts, effective_at=MARCH_1, journal_id=UUID(int=9))


def _balances(account: Account) -> tuple[int, int, int, int, bool]:
    return account.dp, account.dc, account.cp, account.cc, bool(account.flags & CLOSED)


def _held(account: AccountState | AccountRecord) -> tuple[int, int, int, int, bool]:
    four = (account.debits_pending, account.debits_posted, account.credits_pending, account.credits_posted)
    return *four, bool(account.flags & AccountFlags.CLOSED)


@settings(max_examples=600, deadline=None)
@given(batches=_batches())
def test_the_rules_are_the_models(batches: list[tuple[int, list[dict[str, Any]]]]) -> None:
    """Judged as values, without a database and without time-outs."""
    machine = _machine()
    accounts = {
        UUID(int=key): AccountState(id=UUID(int=key), ledger=ledger, flags=flags)
        for key, (ledger, flags) in _ACCOUNTS.items()
    }
    books = Books(accounts=accounts)
    for _, batch in batches:
        found = list(judge_all([_transfer(made, lambda key: UUID(int=key)) for made in batch], books, at=MARCH_1))
        assert found == machine.run(batch, 0)
        for result in found:
            event(result)
    assert {key.int: _held(one) for key, one in books.accounts.items()} == {
        key: _balances(one) for key, one in machine.accounts.items()
    }


@pytest.mark.usefixtures("transactional_db")
@settings(max_examples=sized(60), deadline=None, suppress_health_check=_relaxed)
@given(batches=_batches())
def test_the_books_are_the_models(batches: list[tuple[int, list[dict[str, Any]]]]) -> None:
    """In the database, with time passing: results, balances, closedness, fates and history; all checks are content."""
    machine, offset, seconds, now = _machine(), uuid4().int >> 8 << 8, 0, MARCH_1

    def name(key: int) -> UUID:
        return UUID(int=key + offset) if key else NO_ID

    with fresh_tenant():
        opened = [
            AccountRecord(id=name(key), ledger=ledger, flags=flags, code=900)
            for key, (ledger, flags) in _ACCOUNTS.items()
        ]
        assert set(create_accounts(opened, at=MARCH_1)) == {"created"}
        for passed, batch in batches:
            seconds += passed
            now = MARCH_1 + timedelta(seconds=seconds)
            results = create_transfers([_transfer(made, name) for made in batch], at=now)
            assert results == machine.run(batch, seconds)
        expire_pending(at=now)
        found = selectors.lookup_accounts([account.id for account in opened])
        assert [_held(one) for one in found] == [_balances(machine.accounts[key]) for key in _ACCOUNTS]
        fates = dict(Pending.objects.values_list("pk", "state"))
        assert fates == {name(key): fate for key, fate in machine.fate.items()}
        assert [finding for check in CHECKS for finding in check.run().findings] == []
