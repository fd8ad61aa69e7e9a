"""One base for every refusal: a stable code, a sentence, the facts."""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """What was asked can't be done, and the caller can know why.

    `code` is stable and meant for programs; `detail` is a sentence for people; `field` names the
    input at fault (a JSON path, a column, an option) where there is one; `facts` hold the values that decided.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}" if self.field else self.detail

    def at(self, field: str) -> Refusal:
        """The same refusal, its field placed beneath `field`."""
        self.field = f"{field}.{self.field}" if self.field else field
        return self


class InvalidValue(Refusal):
    """A value that can't be read as what it should be."""

    code = "invalid_value"


class NotFound(Refusal):
    """Nothing of that name here."""

    code = "not_found"
