"""What becomes of accounts that are to be created by TigerBeetle's fields, in its order of precedence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from ledger.accounts import LAST_ID, NO_ID, AccountRecord
from ledger.chains import judge_in_chains
from ledger.chart import GUARDS, KNOWN_FLAGS, AccountFlags
from ledger.results import AccountResult


class Register:
    """The accounts that a batch meets, and those that it creates; a chain's can be taken back."""

    def __init__(self, accounts: Mapping[UUID, AccountRecord]) -> None:
        self.accounts = dict(accounts)
        self.created: list[AccountRecord] = []
        self._created_before = 0

    def begin(self) -> None:
        self._created_before = len(self.created)

    def end(self) -> None:
        """What the chain created stays."""

    def take_back(self) -> None:
        for account in self.created[self._created_before :]:
            del self.accounts[account.id]
        del self.created[self._created_before :]

    def note(self, account: AccountRecord, result: AccountResult) -> None:
        """An account's failure leaves its id free."""


def judge_accounts(accounts: Sequence[AccountRecord], register: Register) -> list[AccountResult]:
    """The result of each account in turn; those created are in the register."""

    def one(account: AccountRecord) -> AccountResult:
        result = judge_account(account, register.accounts.get(account.id))
        if result is AccountResult.CREATED:
            register.accounts[account.id] = account
            register.created.append(account)
        return result

    linked = AccountFlags.LINKED
    judging = judge_in_chains(accounts, register, linked=lambda a: a.has(linked), judge=one, results=AccountResult)
    return list(judging)


def judge_account(account: AccountRecord, existing: AccountRecord | None) -> AccountResult:
    """What becomes of one account, given the one of the same id, if there is one."""
    if refused := _first(_OF_THE_ID, account):
        return refused
    if existing is not None:
        return _compared(account, existing)
    return _first(_OF_THE_ACCOUNT, account) or AccountResult.CREATED


_Rules = Sequence[tuple[AccountResult, Callable[[AccountRecord], bool]]]

_OF_THE_ID: _Rules = (
    (AccountResult.TIMESTAMP_MUST_BE_ZERO, lambda a: a.timestamp is not None),
    (AccountResult.RESERVED_FLAG, lambda a: bool(a.flags & ~KNOWN_FLAGS)),
    (AccountResult.ID_MUST_NOT_BE_ZERO, lambda a: a.id == NO_ID),
    (AccountResult.ID_MUST_NOT_BE_INT_MAX, lambda a: a.id == LAST_ID),
)

_OF_THE_ACCOUNT: _Rules = (
    (AccountResult.FLAGS_ARE_MUTUALLY_EXCLUSIVE, lambda a: a.flags & GUARDS == GUARDS),
    (AccountResult.DEBITS_PENDING_MUST_BE_ZERO, lambda a: a.debits_pending != 0),
    (AccountResult.DEBITS_POSTED_MUST_BE_ZERO, lambda a: a.debits_posted != 0),
    (AccountResult.CREDITS_PENDING_MUST_BE_ZERO, lambda a: a.credits_pending != 0),
    (AccountResult.CREDITS_POSTED_MUST_BE_ZERO, lambda a: a.credits_posted != 0),
    (AccountResult.LEDGER_MUST_NOT_BE_ZERO, lambda a: a.ledger == 0),
    (AccountResult.CODE_MUST_NOT_BE_ZERO, lambda a: a.code == 0),
)

#: In the order in which a difference is named. Closing changes an account's flags, as it does in TigerBeetle.
_COMPARED = ("flags", "user_data_128", "user_data_64", "user_data_32", "ledger", "code")


def _first(rules: _Rules, account: AccountRecord) -> AccountResult | None:
    return next((result for result, applies in rules if applies(account)), None)


def _compared(account: AccountRecord, existing: AccountRecord) -> AccountResult:
    for field in _COMPARED:
        if getattr(account, field) != getattr(existing, field):
            return AccountResult(f"exists_with_different_{field}")
    return AccountResult.EXISTS
