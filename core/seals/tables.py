"""What is sealed: every append-only table, and of its columns those that neither change nor may be erased."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Field

from core.db.guards import append_only

#: By Django's name of a column's type: the kind by which its values enter digests.
_KINDS = {
    "UUIDField": "uuid",
    "CharField": "text",
    "TextField": "text",
    "BigIntegerField": "integer",
    "IntegerField": "integer",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "integer",
    "DecimalField": "decimal",
    "WideIntegerField": "decimal",
    "DateTimeField": "instant",
    "DateField": "date",
    "BooleanField": "boolean",
    "BinaryField": "bytes",
    "JSONField": "json",
}


@cache
def sealed() -> dict[str, tuple[tuple[str, str], ...]]:
    """By table, in order of their names: the columns that enter a row's digest and their kinds, its id first."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    return {
        table: tuple(_columns(models[table], left_out={*operation.mutable, *operation.personal}))
        for table, operation in sorted(append_only().items())
        if operation.sealed
    }


def _columns(model: Any, *, left_out: set[str]) -> Iterator[tuple[str, str]]:
    fields = sorted(model._meta.concrete_fields, key=lambda field: not field.primary_key)
    return ((field.column, _kind(field)) for field in fields if field.column not in left_out)


def _kind(field: Field[Any, Any]) -> str:
    while field.is_relation:
        field = field.target_field  # type: ignore[attr-defined]
    return _KINDS[field.get_internal_type()]
