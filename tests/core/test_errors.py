"""Refusals: a code for programs, a sentence for people, a field and facts."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from core.errors import InvalidValue, NotFound, Refusal


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (InvalidValue("must not be empty"), "must not be empty"),
        (InvalidValue("must not be empty", field="name"), "name: must not be empty"),
    ],
)
def test_the_field_is_told_before_the_sentence(refusal: Refusal, told: str) -> None:
    assert str(refusal) == told


def test_facts_are_kept_beside_the_sentence() -> None:
    refusal = Refusal("too late", field="on", day="2026-01-02", limit=3)
    assert (refusal.detail, refusal.field, refusal.facts) == ("too late", "on", {"day": "2026-01-02", "limit": 3})


@pytest.mark.parametrize(("field", "placed"), [(None, "plans[0]"), ("prices[1].model", "plans[0].prices[1].model")])
def test_a_refusal_is_placed_beneath_the_entry_that_it_is_about(field: str | None, placed: str) -> None:
    refusal = InvalidValue("no", field=field)
    assert refusal.at("plans[0]") is refusal
    assert refusal.field == placed


def test_the_codes_of_the_base_never_change() -> None:
    assert (Refusal.code, InvalidValue.code, NotFound.code) == ("refused", "invalid_value", "not_found")


def test_every_refusal_of_the_product_has_a_code_of_its_own() -> None:
    """Programs tell refusals apart by their code alone."""
    import config.wiring

    config.wiring.checks()
    codes: dict[str, set[str]] = defaultdict(set)
    for kind in _public(Refusal):
        codes[kind.code].add(kind.__qualname__)
    assert "refused" not in codes
    assert {code: kinds for code, kinds in codes.items() if len(kinds) > 1} == {}
    assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code) for code in codes)


def _public(base: type[Refusal]) -> list[type[Refusal]]:
    below = [kind for child in base.__subclasses__() for kind in (child, *_public(child))]
    return [kind for kind in below if not kind.__name__.startswith("_") and not kind.__module__.startswith("tests.")]
