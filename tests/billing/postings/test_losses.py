"""Write-off gross, tax relief when it is claimed, recovery of both (billing rules §7.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.postings.losses import LossFacts, recovered, tax_relieved, written_off
from ledger.chart import TransferCode
from ledger.entries import Entry
from tests.support.entries import ABOUT, FACT, PAYER, TENANT, Shown, moved, shown
from tests.support.world import instant

OFF, RELIEF, BACK = TransferCode.WRITE_OFF, TransferCode.TAX_RELIEF, TransferCode.RECOVERY


def _loss(gross: int = 121, tax: int = 21) -> LossFacts:
    return LossFacts(
        id=FACT,
        tenant_id=TENANT,
        document_id=ABOUT,
        payer_id=PAYER,
        currency="EUR",
        gross=gross,
        tax=tax,
        effective_at=instant("2026-05-01"),
    )


@pytest.mark.parametrize(
    ("entries", "posted"),
    [
        (written_off(_loss()), [(5000, 1100, 121, OFF)]),
        (tax_relieved(_loss()), [(2200, 5000, 21, RELIEF)]),
        (tax_relieved(_loss(tax=0)), []),
        (recovered(_loss(), relieved=False), [(1100, 5000, 121, BACK)]),
        (recovered(_loss(), relieved=True), [(1100, 5000, 121, BACK), (5000, 2200, 21, BACK)]),
    ],
)
def test_a_loss(entries: list[Entry], posted: list[Shown]) -> None:
    assert shown(entries) == posted


def test_with_relief_the_loss_is_the_net_amount() -> None:
    assert moved([*written_off(_loss()), *tax_relieved(_loss())]) == {1100: -121, 2200: 21, 5000: 100}


@given(st.integers(1, 10**30), st.integers(0, 10**30), st.booleans())
def test_recovery_leaves_no_trace_of_the_loss(gross: int, tax: int, relieved: bool) -> None:
    """Every account is as before, and the ids of all that was posted differ: each is a fact of its own."""
    loss = _loss(gross, tax)
    lost = [*written_off(loss), *(tax_relieved(loss) if relieved else [])]
    back = recovered(loss, relieved=relieved)
    assert moved([*lost, *back]) == {}
    assert len({one.id for one in (*lost, *back)}) == len(lost) + len(back)
