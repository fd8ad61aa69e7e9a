"""When a transfer was recorded is not for its writer to say: seals give it away."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core import clock
from core.integrity import Finding
from core.models import Seal, Tenant
from core.seals.services import make
from ledger.accounts import AccountIdentity
from ledger.integrity import recorded
from tests.ledger.builders import posted, transfer
from tests.support.world import TESTER, instant

_DAY, _MOMENT = timedelta(days=1), timedelta(microseconds=1)
_SEALED = [instant("2026-04-01"), instant("2026-05-01")]


@pytest.fixture
def sealed(books: Tenant, unbilled: AccountIdentity, revenue: AccountIdentity) -> Tenant:
    """A sandbox's books that were sealed on 1 April and on 1 May."""
    for at in _SEALED:
        clock.reach(to=at, actor=TESTER)
        assert make(actor=TESTER, even_if_empty=True)
    return books


def _findings() -> tuple[Finding, ...]:
    (check,) = recorded.CHECKS
    return check.run().findings


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    "at, told",
    [
        (_SEALED[1], None),
        (_SEALED[1] - _DAY, None),
        (_SEALED[1] - _DAY - _MOMENT, "it came after seal 2, and says it was recorded at 2026-04-29 23:59"),
        (instant("2026-01-05"), "it came after seal 2, and says it was recorded at 2026-01-05 00:00"),
        (instant("2027-01-05"), None),
    ],
)
def test_what_comes_after_a_seal_was_not_recorded_before_it(
    unbilled: AccountIdentity, revenue: AccountIdentity, at: datetime, told: str | None
) -> None:
    """But for a day: a run records what it posts as of its beginning."""
    slipped_in = transfer(unbilled, revenue, 5)
    posted(slipped_in, at=at)
    assert _findings() == (() if told is None else (Finding(f"transfer {slipped_in.id}", told),))


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(
    "at, told",
    [
        (_SEALED[0] + _DAY, None),
        (_SEALED[0] + _DAY + _MOMENT, "it came before seal 1, and says it was recorded at 2026-04-02 00:00"),
        (instant("1970-01-01"), None),
    ],
)
def test_what_a_seal_holds_was_not_recorded_after_it(
    unbilled: AccountIdentity, revenue: AccountIdentity, at: datetime, told: str | None
) -> None:
    clock.reach(to=_SEALED[0], actor=TESTER)
    ahead = transfer(unbilled, revenue, 5)
    posted(ahead, at=at)
    assert _findings() == ()
    make(actor=TESTER)
    assert Seal.objects.count() == 1
    assert _findings() == (() if told is None else (Finding(f"transfer {ahead.id}", told),))


@pytest.mark.usefixtures("sealed")
def test_between_two_seals_both_are_asked(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    between = [transfer(unbilled, revenue, n) for n in (1, 2, 3)]
    for one, at in zip(between, ["2026-04-01", "2026-05-15", "2026-07-01"], strict=True):
        posted(one, at=instant(at))
    clock.reach(to=instant("2026-06-01"), actor=TESTER)
    make(actor=TESTER)
    told = ["it came after seal 2, and says it was recorded at 2026-04-01 00:00"]
    told += ["it came before seal 3, and says it was recorded at 2026-07-01 00:00"]
    assert _findings() == tuple(
        Finding(f"transfer {one.id}", text) for one, text in zip([between[0], between[2]], told, strict=True)
    )
