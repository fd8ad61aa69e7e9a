"""The chart of accounts."""

from __future__ import annotations

import pytest

from ledger.chart import (
    CHARGED_ACCOUNTS,
    AccountFlags,
    Code,
    Side,
    TransferCode,
    account_name,
    normal_side,
    opening_flags,
    transfer_name,
)


def test_every_account_of_the_chart_has_a_name_and_a_side() -> None:
    """No code is left without an entry, and no two accounts share a name."""
    assert len({account_name(code) for code in Code}) == len(Code)
    assert all(normal_side(code) in Side for code in Code)


@pytest.mark.parametrize(
    "code, name, side",
    [
        (1200, "unbilled receivable", Side.DEBIT),
        (2000, "deferred revenue", Side.CREDIT),
        (2110, "wallet, granted credit", Side.CREDIT),
        (4100, "discounts", Side.DEBIT),
        (5200, "rounding", Side.EITHER),
    ],
)
def test_an_account_is_known_by_its_number(code: int, name: str, side: Side) -> None:
    """The numbers of the chart are what commands and exports show."""
    assert (account_name(code), normal_side(Code(code))) == (name, side)


def test_only_wallets_are_guarded() -> None:
    """A wallet can't be drawn below zero; deferred revenue may be (billing rules §7.1)."""
    guarded = {code for code in Code if opening_flags(code)}
    assert guarded == {Code.WALLET_PAID, Code.WALLET_GRANTED}
    assert opening_flags(Code.WALLET_PAID) == AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS


def test_charges_are_counted_on_1200_and_accruals_on_1210() -> None:
    """Billing rules §1.2."""
    assert dict(CHARGED_ACCOUNTS) == {TransferCode.CHARGE: Code(1200), TransferCode.ACCRUAL: Code(1210)}


def test_transfer_codes_fit_16_bits_and_have_names() -> None:
    """As in TigerBeetle; a code from elsewhere is shown as its number."""
    assert all(0 < code < 2**16 for code in TransferCode)
    assert transfer_name(TransferCode.INVOICE_OPENED) == "invoice opened"
    assert (transfer_name(9999), account_name(9999)) == ("9999", "9999")
