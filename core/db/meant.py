"""What models and migrations say that the database refuses, or fills in by itself, and what it lacks of that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import CheckConstraint, UniqueConstraint

from core.db.wording import alike

_DEFAULT = re.compile(r"ALTER TABLE (\w+) (?:ADD|ALTER) (?:COLUMN )?(\w+)[^;,]*? DEFAULT ([^;,]+)")


class Condition(NamedTuple):
    """What a CHECK says of each row of a table; its name, or where the database gave it one, the column's."""

    table: str
    name: str
    text: str


@cache
def operations() -> list[Any]:
    """All that the migrations of all apps do."""
    migrations = MigrationLoader(None).disk_migrations.values()
    return [operation for migration in migrations for operation in migration.operations]


def fields() -> Iterator[tuple[str, Any]]:
    """(table, field) of all columns of all models."""
    for model in apps.get_models():
        yield from ((model._meta.db_table, field) for field in model._meta.local_concrete_fields)


def conditions() -> Iterator[Condition]:
    """The constraints of the models."""
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, CheckConstraint):
                named = f"CONSTRAINT {connection.ops.quote_name(constraint.name)} CHECK "
                text = str(constraint.constraint_sql(model, editor)).removeprefix(named)
                yield Condition(model._meta.db_table, constraint.name, text)


def of_columns() -> Iterator[Condition]:
    """What fields bring along by their kind, such as not to be negative."""
    for table, field in fields():
        if text := field.db_check(connection):
            yield Condition(table, field.column, text)


def keys() -> Iterator[tuple[str, tuple[str, ...]]]:
    """(table, columns that no two of its rows share)."""
    yield from ((table, (field.column,)) for table, field in fields() if field.unique)
    for model in apps.get_models():
        meta: Any = model._meta
        several = [one.fields for one in meta.constraints if isinstance(one, UniqueConstraint)]
        for names in (*several, *meta.unique_together):
            yield meta.db_table, tuple(meta.get_field(name).column for name in names)


def references() -> Iterator[tuple[str, str, str]]:
    """(table, column, the table in which what it names must be)."""
    for table, field in fields():
        if getattr(field.remote_field, "model", None) and field.db_constraint:
            yield table, field.column, field.remote_field.model._meta.db_table


def filled() -> set[tuple[str, str]]:
    """(table, column) of all that is never empty."""
    return {(table, field.column) for table, field in fields() if not field.null}


def defaults(statements: Iterable[str]) -> dict[tuple[str, str], str]:
    """By table and column: what statements of migrations let the database fill in."""
    found = _DEFAULT.findall(";\n".join(statements))
    return {(table, column): default for table, column, default in found}


def unchecked(told: Mapping[tuple[str, str], str], meant: Iterable[Condition]) -> Iterator[tuple[str, str]]:
    """(table, which of its constraints is gone or another). `told`: what each says, by table and name."""
    for table, name, text in meant:
        if (table, name) not in told:
            yield table, f"its constraint {name} is missing"
        elif not alike(told[table, name], text):
            yield table, f"its constraint {name} does not say what it did"


def unlimited(told: Mapping[tuple[str, str], str], meant: Iterable[Condition]) -> Iterator[tuple[str, str]]:
    """(table, which of its columns no constraint of any name limits as it should)."""
    for table, column, text in meant:
        if not any(one == table and alike(said, text) for (one, _), said in told.items()):
            yield table, f"its column {column} may hold what it must not"


def doubled(told: Collection[tuple[str, frozenset[str]]]) -> Iterator[tuple[str, str]]:
    """(table, what two of its rows may share and must not). `told`: tables, and the columns of each of their keys."""
    for table, columns in keys():
        if (table, frozenset(columns)) not in told:
            yield table, f"two of its rows may have the same {' and '.join(columns)}"


def astray(told: Collection[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """(table, which of its columns may name what isn't there). `told`: as `references`."""
    for table, column, other in references():
        if (table, column, other) not in told:
            yield table, f"its column {column} may name what is not in {other}"


def misfilled(
    told: Mapping[tuple[str, str], str | None], meant: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str]]:
    """(table, which of its columns the database fills in otherwise). `told`: each default, by table and column."""
    for (table, column), default in sorted(meant.items()):
        if not alike(told.get((table, column)) or "", default):
            yield table, f"its column {column} has another default"
