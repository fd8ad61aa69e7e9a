from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.models import Tenant
from metering.models import Void

pytestmark = pytest.mark.usefixtures("fresh_books")


def void(fresh_books: Tenant, **changes: Any) -> str:
    out = io.StringIO()
    named = {"tenant": fresh_books.key, "source": "tests", "id": "1", "reason": "a test", **changes}
    call_command("void_event", stdout=out, stderr=io.StringIO(), **named)
    return out.getvalue()


def test_it_says_what_was_done(fresh_books: Tenant) -> None:
    assert (void(fresh_books), void(fresh_books)) == ("voided\n", "exists\n")
    assert Void.objects.get().reason == "a test"


@pytest.mark.parametrize("changes", [{"id": ""}, {"reason": " "}, {"source": "x" * 301}, {"tenant": "nobody"}])
def test_a_refusal_ends_with_1(fresh_books: Tenant, changes: dict[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        void(fresh_books, **changes)
    assert ended.value.code == 1


def test_a_missing_option_is_wrong_usage(fresh_books: Tenant) -> None:
    with pytest.raises(CommandError):
        call_command("void_event", tenant=fresh_books.key)
