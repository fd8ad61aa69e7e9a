"""The chart of accounts: codes, names, normal sides and guards; and what each transfer is for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag, StrEnum


class Code(IntEnum):
    """What an account is for. Each belongs to one customer, so a control total is a sum over a code."""

    CASH_CLEARING = 1000
    BANK = 1010
    ACCOUNTS_RECEIVABLE = 1100
    UNBILLED_RECEIVABLE = 1200
    ACCRUED_INCOME = 1210
    DISPUTED_RECEIVABLE = 1300
    DEFERRED_REVENUE = 2000
    PREPAID_COMMIT = 2050
    WALLET_PAID = 2100
    WALLET_GRANTED = 2110
    UNAPPLIED_CASH = 2150
    TAX_PAYABLE = 2200
    REFUNDS_PAYABLE = 2300
    REVENUE = 4000
    DISCOUNTS = 4100
    CREDIT_NOTES_GIVEN = 4200
    GRANTED_CREDIT = 4250
    BREAKAGE = 4300
    BAD_DEBT = 5000
    ROUNDING = 5200
    PAYMENT_FEES = 5300


class TransferCode(IntEnum):
    """What a transfer is for; billing and payments say it, the ledger keeps it (16 bits)."""

    #: A charge key's difference, also the negative one that a void as rebill leaves behind.
    CHARGE = 1
    #: An accrual key's difference at an accounting cut-off.
    ACCRUAL = 2
    INVOICE_OPENED = 10
    INVOICE_ROUNDING = 11
    TAX = 12
    INVOICE_VOIDED = 13
    RECOGNITION = 20
    PAYMENT = 30
    OVERPAYMENT = 31
    UNAPPLIED_APPLIED = 32
    #: A void moves what was paid from the receivable back to unapplied cash.
    PAYMENT_UNAPPLIED = 33
    REFUND_PROMISED = 34
    REFUND = 35
    PAYOUT = 40
    PAYMENT_FEE = 41
    DISPUTE_OPENED = 42
    DISPUTE_WON = 43
    DISPUTE_LOST = 44
    WRITE_OFF = 50
    TAX_RELIEF = 51
    #: What was written off was paid after all.
    RECOVERY = 52
    CREDIT_GRANTED = 60
    TOP_UP = 61
    CREDIT_APPLIED = 62
    CREDIT_EXPIRED = 63


#: The transfers that `booked` counts, and the account whose side gives their sign (billing rules §1.2).
CHARGED_ACCOUNTS: Mapping[TransferCode, Code] = {
    TransferCode.CHARGE: Code.UNBILLED_RECEIVABLE,
    TransferCode.ACCRUAL: Code.ACCRUED_INCOME,
}


class AccountFlags(IntFlag):
    """TigerBeetle's, with its bits."""

    LINKED = 1 << 0
    DEBITS_MUST_NOT_EXCEED_CREDITS = 1 << 1
    CREDITS_MUST_NOT_EXCEED_DEBITS = 1 << 2
    HISTORY = 1 << 3
    IMPORTED = 1 << 4
    CLOSED = 1 << 5


#: All that an account may be opened with: whoever records something can't say when.
KNOWN_FLAGS = sum(flag.value for flag in AccountFlags if flag is not AccountFlags.IMPORTED)
#: With one of these an account can't be overdrawn; it has at most one.
GUARDS = AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS


class Side(StrEnum):
    """Where an account's balance normally stands."""

    DEBIT = "debit"
    CREDIT = "credit"
    EITHER = "either"


_CHART: Mapping[Code, tuple[str, Side]] = {
    Code.CASH_CLEARING: ("cash clearing", Side.DEBIT),
    Code.BANK: ("bank", Side.DEBIT),
    Code.ACCOUNTS_RECEIVABLE: ("accounts receivable", Side.DEBIT),
    Code.UNBILLED_RECEIVABLE: ("unbilled receivable", Side.DEBIT),
    Code.ACCRUED_INCOME: ("accrued income", Side.DEBIT),
    Code.DISPUTED_RECEIVABLE: ("disputed receivable", Side.DEBIT),
    Code.DEFERRED_REVENUE: ("deferred revenue", Side.CREDIT),
    Code.PREPAID_COMMIT: ("prepaid commit", Side.CREDIT),
    Code.WALLET_PAID: ("wallet, paid credit", Side.CREDIT),
    Code.WALLET_GRANTED: ("wallet, granted credit", Side.CREDIT),
    Code.UNAPPLIED_CASH: ("unapplied cash", Side.CREDIT),
    Code.TAX_PAYABLE: ("tax payable", Side.CREDIT),
    Code.REFUNDS_PAYABLE: ("refunds payable", Side.CREDIT),
    Code.REVENUE: ("revenue", Side.CREDIT),
    Code.DISCOUNTS: ("discounts", Side.DEBIT),
    Code.CREDIT_NOTES_GIVEN: ("credit notes given", Side.DEBIT),
    Code.GRANTED_CREDIT: ("granted credit", Side.DEBIT),
    Code.BREAKAGE: ("breakage", Side.CREDIT),
    Code.BAD_DEBT: ("bad debt", Side.DEBIT),
    Code.ROUNDING: ("rounding", Side.EITHER),
    Code.PAYMENT_FEES: ("payment fees", Side.DEBIT),
}

_GUARDED = frozenset({Code.WALLET_PAID, Code.WALLET_GRANTED})


def account_name(code: int) -> str:
    """The account's name, or the bare number of a code outside the chart."""
    return _CHART[Code(code)][0] if code in _CHART else str(code)


def transfer_name(code: int) -> str:
    """What the transfer is for, in words."""
    known = code in TransferCode._value2member_map_
    return TransferCode(code).name.replace("_", " ").lower() if known else str(code)


def normal_side(code: Code) -> Side:
    return _CHART[code][1]


def opening_flags(code: int) -> AccountFlags:
    """The flags an account of that code is opened with: a wallet can't be drawn below zero."""
    return AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS if code in _GUARDED else AccountFlags(0)
