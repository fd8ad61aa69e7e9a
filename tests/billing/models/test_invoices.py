"""A document's states: what may follow what."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django_fsm import TransitionNotAllowed

from billing.models import Invoice
from core.access.scope import tenant_scope
from core.models import new_id

State = Invoice.State
TRIGGERS: dict[str, Callable[[Invoice], None]] = {
    "open": lambda row: row.open(),
    "settle": lambda row: row.settle(),
    "void": lambda row: row.void(voided_as="rebill", reason="wrong address"),
}
#: Every allowed step; any other pair of state and trigger is refused.
STEPS = {
    (State.DRAFT, "open"): State.OPEN,
    (State.OPEN, "settle"): State.PAID,
    (State.OPEN, "void"): State.VOID,
    (State.PAID, "void"): State.VOID,
}


@pytest.fixture(autouse=True)
def scope() -> Iterator[None]:
    with tenant_scope(new_id()):
        yield


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("state", State)
def test_every_state_and_every_trigger(state: Invoice.State, trigger: str) -> None:
    row = Invoice(state=state)
    if (state, trigger) in STEPS:
        TRIGGERS[trigger](row)
        assert row.state == STEPS[state, trigger]
    else:
        with pytest.raises(TransitionNotAllowed):
            TRIGGERS[trigger](row)
        assert row.state == state


def test_a_state_is_never_just_set() -> None:
    row = Invoice()
    with pytest.raises(AttributeError):
        row.state = State.PAID
    assert row.state == State.DRAFT


def test_a_void_keeps_why() -> None:
    row = Invoice(state=State.OPEN)
    row.void(voided_as="rebill", reason="wrong address")
    assert (row.voided_as, row.void_reason) == ("rebill", "wrong address")
