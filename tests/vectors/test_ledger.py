"""TigerBeetle's own scenarios, replayed against Daybook's ledger.

Ids are unique in the whole installation, and every scenario calls its first account 1: here they are moved by a
random offset. `setup_balance` posts what is missing from an account beside the scenario, before its guards matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger import selectors, services
from ledger.accounts import LARGEST, AccountRecord
from ledger.chart import AccountFlags
from ledger.transfers import Transfer, TransferFlags
from tests.ledger.builders import fresh_tenant
from tests.vectors.kit import Case, Rule, cases

RULES = [
    Rule(
        "nobody says when something was recorded: effective_at carries the past, and imported is a reserved flag",
        lambda case: any("imported" in event.get("flags", ()) for step in case["steps"] for event in _events(step)),
    ),
]
_JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
_BALANCES = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
_IDS = ("id", "debit_account_id", "credit_account_id", "pending_id")
_NUMBERS = ("amount", "ledger", "code", "user_data_64", "user_data_32", "timeout")


def _events(step: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(step.get("events", ()))


@pytest.mark.usefixtures("transactional_db")
@cases("ledger", rules=RULES)
def test_ledger(case: Case) -> None:
    """Every step's results and balances are TigerBeetle's."""
    with fresh_tenant():
        replay = Replay()
        for step in case["steps"]:
            replay.do(step)


class Replay:
    """One scenario on books of its own."""

    def __init__(self) -> None:
        self.offset = uuid4().int >> 8 << 8
        self.now = _JANUARY

    def do(self, step: Mapping[str, Any]) -> None:
        work: Callable[[Mapping[str, Any]], None] = getattr(self, f"_{step['op']}")
        work(step)

    def _create_accounts(self, step: Mapping[str, Any]) -> None:
        results = services.create_accounts([self._account(event) for event in step["events"]], at=self.now)
        assert results == [event["expected"] for event in step["events"]]

    def _create_transfers(self, step: Mapping[str, Any]) -> None:
        results = services.create_transfers([self._transfer(event) for event in step["events"]], at=self.now)
        assert results == [event["expected"] for event in step["events"]]

    def _advance_time(self, step: Mapping[str, Any]) -> None:
        self.now += timedelta(**{step["unit"]: int(step["value"])})
        services.expire_pending(at=self.now)

    def _setup_balance(self, step: Mapping[str, Any]) -> None:
        """Credits first, so that a guarded account is never short."""
        account = self._id(step["account_id"])
        (known,) = selectors.lookup_accounts([account])
        aside = AccountRecord(id=uuid4(), ledger=known.ledger, code=1)
        services.create_accounts([aside], at=self.now)
        sides = {"credits": (aside.id, account), "debits": (account, aside.id)}
        first = "credits" if known.has(AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS) else "debits"
        for side in sorted(sides, key=lambda one: one != first):
            for kind, flags in (("posted", 0), ("pending", TransferFlags.PENDING)):
                self._set_up(*sides[side], known.ledger, int(step[f"{side}_{kind}"]), flags)

    def _set_up(self, debit: UUID, credit: UUID, ledger: int, amount: int, flags: int) -> None:
        facts: dict[str, Any] = {
            "id": uuid4(),
            "debit_account_id": debit,
            "credit_account_id": credit,
            "amount": amount,
        }
        transfer = Transfer(**facts, ledger=ledger, code=1, flags=flags, effective_at=_JANUARY, journal_id=uuid4())
        assert amount == 0 or services.create_transfers([transfer], at=self.now) == ["created"]

    def _lookup_accounts(self, step: Mapping[str, Any]) -> None:
        found = {one.id: one for one in selectors.lookup_accounts([self._id(item["id"]) for item in step["items"]])}
        for item in step["items"]:
            expected, account = item["expected"], found.get(self._id(item["id"]))
            assert (account is None) == (expected is None)
            if account is not None:
                assert {name: str(getattr(account, name)) for name in _BALANCES} == {n: expected[n] for n in _BALANCES}
                assert account.has(AccountFlags.CLOSED) == expected.get("closed", False)

    def _lookup_transfers(self, step: Mapping[str, Any]) -> None:
        found = {one.id: one for one in selectors.lookup_transfers([self._id(item["id"]) for item in step["items"]])}
        for item in step["items"]:
            transfer = found.get(self._id(item["id"]))
            assert (transfer is not None) == item.get("expected_exists", True)
            if "expected_amount" in item:
                assert transfer is not None
                assert str(transfer.amount) == item["expected_amount"]

    def _account(self, event: Mapping[str, Any]) -> AccountRecord:
        facts: dict[str, Any] = {name: int(event[name]) for name in ("ledger", "code", *_BALANCES)}
        flags = sum(AccountFlags[flag.upper()] for flag in event.get("flags", ()))
        return AccountRecord(id=self._id(event["id"]), flags=flags, **facts)

    def _transfer(self, event: Mapping[str, Any]) -> Transfer:
        facts: dict[str, Any] = {name: self._id(event.get(name, "0")) for name in _IDS}
        facts |= {name: int(event.get(name, "0")) for name in _NUMBERS}
        return Transfer(
            **facts,
            user_data_128=UUID(int=int(event.get("user_data_128", "0"))),
            flags=sum(TransferFlags[flag.upper()] for flag in event.get("flags", ())),
            effective_at=_JANUARY,
            journal_id=UUID(int=1),
        )

    def _id(self, text: str) -> UUID:
        """The scenario's id here; "none" and the largest id stay what they are."""
        number = int(text)
        return UUID(int=number if number in (0, LARGEST) else number + self.offset)
