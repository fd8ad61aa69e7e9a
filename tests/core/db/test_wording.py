"""What a catalogue says in its own words is recognized, and what means something else is not."""

from __future__ import annotations

import pytest

from core.db.wording import alike


@pytest.mark.parametrize(
    "told, meant",
    [
        ("((a >= 1) AND (a <= 3))", "a BETWEEN 1 AND 3"),
        (
            "(((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])))",
            "\"a\" IN ('x', 'y')",
        ),
        ("((a = 1) AND ((b = 2) AND (c = 3)))", "a = 1 AND b = 2 AND c = 3"),
        ("(((a = 1) AND (b IS NOT NULL)) OR (c = 3))", "a = 1 AND b IS NOT NULL OR c = 3"),
        ("((NOT ((a & 12) = 0)) AND (b = '1'::numeric))", "(NOT ((a & 12) = 0) AND b = 1)"),
        ("`a` = 1 or `b` = 2 and `c` in ('x','y')", "(`a` = 1 or (`b` = 2 and `c` in ('x', 'y')))"),
        ("WHEN (((a <> 0) OR (b <> 0))) EXECUTE FUNCTION public.f()", "WHEN (a <> 0 OR b <> 0) EXECUTE FUNCTION f()"),
    ],
)
def test_other_words_for_the_same(told: str, meant: str) -> None:
    assert alike(told, meant)


@pytest.mark.parametrize(
    "told, meant",
    [
        ("a = 1 AND b = 2 OR c = 3", "a = 1 AND (b = 2 OR c = 3)"),
        ("NOT a = 1 AND b = 2", "NOT (a = 1 AND b = 2)"),
        ("NOT (a = 1) OR b = 2", "NOT (a = 1 OR b = 2)"),
        ("a = 1 OR b = 2", "a = 1 AND b = 2"),
        ("a = 'X'", "a = 'x'"),
        ("a = x", "a = 'x'"),
        ("a 'or' b", "a or b"),
        ("a = 1) OR (true", "a = 1"),
        ("", "a = 1"),
    ],
)
def test_another_meaning(told: str, meant: str) -> None:
    assert not alike(told, meant)
