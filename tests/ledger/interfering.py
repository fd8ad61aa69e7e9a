"""Somebody who posts while an account is read."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from core.models import new_id
from core.money import PICO
from ledger import statements
from ledger.transfers import Transfer
from tests.ledger.builders import posted
from tests.metering.crowd import meanwhile


def posting_meanwhile(like: Transfer, monkeypatch: pytest.MonkeyPatch, *, before_read: int = 1) -> None:
    """On another connection, before that read of movements: 1,000 more between the same accounts, as of then."""
    reads, read = 0, statements._rows

    def interrupted(*arguments: Any, **options: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads == before_read:
            meanwhile(lambda: posted(replace(like, id=new_id(), amount=1000 * PICO))).result(timeout=30)
        return read(*arguments, **options)

    monkeypatch.setattr(statements, "_rows", interrupted)
