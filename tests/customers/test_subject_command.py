"""Moving a usage subject from one customer to another, by command."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from core.models import Tenant
from tests.scenarios.test_worked_examples import metered
from tests.support import world


def test_a_subject_moves_to_another_customer_in_the_middle_of_a_month(
    books: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage before the day is one customer's, usage from it on the other's."""
    sections = metered({"model": "per_unit", "unit_amount": "0.10"})
    second = {**sections["subscriptions"][0], "key": "s-02", "customer": "c-02"}
    world.apply(
        {
            **sections,
            "customers": [world.customer(), world.customer("c-02")],
            "subscriptions": [*sections["subscriptions"], second],
        }
    )
    world.ingest(
        world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10),
        world.event("e-2", time="2026-01-20T10:00:00Z", tokens=50),
    )
    world.bill("2026-02-01")
    call_command("subject", "release", "c-01", tenant=books.key, customer="c-01", on=world.day("2026-01-11"))
    call_command("subject", "claim", "c-01", tenant=books.key, customer="c-02", on=world.day("2026-01-11"))
    world.bill("2026-02-01")

    assert world.exact() == {"s-01 payg.tokens 01-01": "1", "s-02 payg.tokens 01-01": "5"}
    assert "c-01 means c-02 from 2026-01-11 on" in capsys.readouterr().out


def test_a_subject_that_means_somebody_else_is_not_released(books: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    world.apply({"customers": [world.customer()]})
    with pytest.raises(SystemExit, match="1"):
        call_command("subject", "release", "nobody", tenant=books.key, customer="c-01", on=world.day("2026-01-11"))
    assert "not_found: name: 'nobody' does not mean c-01" in capsys.readouterr().err
