"""A run's states, and those of its items: what may follow what."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django_fsm import TransitionNotAllowed

from billing.models import Run, RunItem
from core.access.scope import tenant_scope
from core.models import new_id

RUN: dict[str, Callable[[Run], None]] = {
    "begin": lambda row: row.begin(),
    "finish": lambda row: row.finish(),
    "finish_with_exceptions": lambda row: row.finish_with_exceptions(),
    "interrupt": lambda row: row.interrupt(),
}
RUN_STEPS = {
    (Run.State.PLANNED, "begin"): Run.State.APPLYING,
    (Run.State.APPLYING, "finish"): Run.State.FINISHED,
    (Run.State.APPLYING, "finish_with_exceptions"): Run.State.FINISHED_WITH_EXCEPTIONS,
    (Run.State.APPLYING, "interrupt"): Run.State.INTERRUPTED,
}
ITEM: dict[str, Callable[[RunItem], None]] = {
    "apply": lambda row: row.apply(),
    "park": lambda row: row.park(code="error", reason="a bad record"),
}
ITEM_STEPS = {
    (RunItem.State.PLANNED, "apply"): RunItem.State.APPLIED,
    (RunItem.State.PLANNED, "park"): RunItem.State.PARKED,
}


@pytest.fixture(autouse=True)
def scope() -> Iterator[None]:
    with tenant_scope(new_id()):
        yield


@pytest.mark.parametrize("trigger", RUN)
@pytest.mark.parametrize("state", Run.State)
def test_every_state_of_a_run_and_every_trigger(state: Run.State, trigger: str) -> None:
    row = Run(state=state)
    if (state, trigger) in RUN_STEPS:
        RUN[trigger](row)
        assert row.state == RUN_STEPS[state, trigger]
    else:
        with pytest.raises(TransitionNotAllowed):
            RUN[trigger](row)
        assert row.state == state


@pytest.mark.parametrize("trigger", ITEM)
@pytest.mark.parametrize("state", RunItem.State)
def test_every_state_of_an_item_and_every_trigger(state: RunItem.State, trigger: str) -> None:
    row = RunItem(state=state)
    if (state, trigger) in ITEM_STEPS:
        ITEM[trigger](row)
        assert row.state == ITEM_STEPS[state, trigger]
    else:
        with pytest.raises(TransitionNotAllowed):
            ITEM[trigger](row)
        assert row.state == state
