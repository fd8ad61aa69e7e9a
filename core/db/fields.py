"""Columns that no database may round."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models

if TYPE_CHECKING:
    _Field = models.Field[int, int]
else:
    _Field = models.Field

#: Fits TigerBeetle's unsigned 128-bit integers.
DIGITS = 39

_WHOLE = re.compile(r"\s*-?[0-9]{1,400}\s*", re.ASCII)


class WideIntegerField(_Field):
    """An integer of up to 39 (or `digits`) digits: NUMERIC(39,0), int in Python. Fractions are refused, not rounded."""

    description = "Integer of many digits"

    def __init__(self, *args: Any, digits: int = DIGITS, **options: Any) -> None:
        super().__init__(*args, **options)
        self.digits = digits

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, options | ({} if self.digits == DIGITS else {"digits": self.digits})

    def db_type(self, connection: Any) -> str:
        return f"numeric({self.digits}, 0)"

    def get_internal_type(self) -> str:
        return "WideIntegerField"

    def from_db_value(self, value: Decimal | None, *_: object) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> int | None:
        if value is None or type(value) is int:
            return value
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
            return int(value)
        raise ValidationError(f"{value!r} is not a whole number", code="invalid")

    def get_prep_value(self, value: Any) -> Decimal | None:
        whole = self.to_python(super().get_prep_value(value))
        if whole is None:
            return None
        if abs(whole) >= 10**self.digits:
            raise ValidationError(f"the number has more than {self.digits} digits", code="invalid")
        return Decimal(whole)
