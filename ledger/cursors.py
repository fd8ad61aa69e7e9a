"""What the cursor of a statement says: of which account and time it is, and where a page of it ends.

It is signed: a page shows the balance that the cursor brings along, and nobody can send a link that shows another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec
from django.core.signing import BadSignature, Signer

from core import pages
from core.errors import InvalidValue
from ledger.reports import Place
from ledger.statements import Span


class Cursor(msgspec.Struct, frozen=True):
    """Its balance is of no other account or time. JSON's numbers hold no such balance."""

    account: UUID
    start: datetime | None
    end: datetime | None
    recorded_by: datetime | None
    effective_at: Annotated[datetime, msgspec.Meta(tz=True)]
    ordinal: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    balance: Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,39}\Z")]

    @classmethod
    def of(cls, account_id: UUID, span: Span, place: Place) -> Self:
        asked = account_id, span.start, span.end, span.recorded_by
        return cls(*asked, place.effective_at, place.ordinal, str(place.balance))

    def is_of(self, account_id: UUID, span: Span) -> bool:
        return self == self.of(account_id, span, self.place)

    @property
    def place(self) -> Place:
        return Place(self.effective_at, self.ordinal, int(self.balance))


def written(account_id: UUID, span: Span, place: Place | None) -> str | None:
    """Where the page after it begins; None where there is none."""
    return _signer().sign(pages.cursor(Cursor.of(account_id, span, place))) if place else None


def read(text: str, account_ids: Iterable[UUID], span: Span) -> tuple[UUID, Place]:
    """The account whose statement gave the cursor, and where that goes on.

    Raises InvalidValue for what is no cursor of ours, or is of none of these accounts or of other times.
    """
    try:
        cursor = pages.read(_signer().unsign(text), Cursor)
    except BadSignature as error:
        raise InvalidValue("is not a cursor that this list gave", field="cursor") from error
    for account_id in account_ids:
        if cursor.is_of(account_id, span):
            return account_id, cursor.place
    raise InvalidValue("is of another account or of other times", field="cursor")


def _signer() -> Signer:
    return Signer(sep=".", salt="ledger.statement")
