"""Whether the database still refuses what must never change, read from its own catalogue."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from core.db import meant, rights, roles, vendor, writers
from core.db.domains import DOMAINS, READABLE, Domain, Restrict
from core.db.ledger import postgresql, rules
from core.db.operations import POSTGRESQL_FUNCTIONS, AppendOnly
from core.db.wording import alike

_TRIGGERS = """
SELECT class.relname::text, trigger.tgname::text, trigger.tgenabled IN ('O', 'A'), pg_get_triggerdef(trigger.oid)
FROM pg_trigger trigger JOIN pg_class class ON class.oid = trigger.tgrelid
WHERE class.relnamespace = current_schema()::regnamespace AND class.relname = ANY(%(tables)s)
  AND NOT trigger.tgisinternal
"""
# What makes guards useless: triggers that don't fire, rules beside them, rows that are hidden, elsewhere or lost; and
# functions or operators of another schema, where a search path that shows it makes the catalogue say what it said.
_DISARMED = """
SELECT 'session_replication_role', 'triggers do not fire: it is replica'
WHERE current_setting('session_replication_role') = 'replica'
UNION ALL
SELECT 'search_path', 'sessions of the owner may write balances: they have the path of what posts'
WHERE current_setting('search_path') LIKE '%%daybook_posting%%'
   OR EXISTS (SELECT FROM pg_db_role_setting, unnest(setconfig) AS one WHERE one LIKE '%%daybook_posting%%')
UNION ALL
SELECT proname, 'the function has the path of what posts' FROM pg_proc, unnest(proconfig) AS one
WHERE one LIKE '%%daybook_posting%%'
  AND (pronamespace <> current_schema()::regnamespace OR proname <> ALL(%(definers)s))
UNION ALL
SELECT relname::text, told
FROM pg_class class CROSS JOIN LATERAL (
    SELECT 'a policy may hide its rows' WHERE relrowsecurity
    UNION ALL SELECT 'it does not survive a crash' WHERE relpersistence <> 'p'
    UNION ALL SELECT 'its owner may not truncate it: then nobody is believed to be posting'
    WHERE relname = 'ledger_account' AND NOT has_table_privilege(relowner, class.oid, 'TRUNCATE')
    UNION ALL SELECT 'what it names, and what names it, is not looked for'
    WHERE EXISTS (SELECT FROM pg_trigger WHERE tgrelid = class.oid AND tgisinternal AND tgenabled NOT IN ('O', 'A'))
    UNION ALL SELECT 'another table inherits from it' FROM pg_inherits WHERE inhparent = class.oid
    UNION ALL SELECT 'its rule ' || rulename || ' is not Daybook''s' FROM pg_rewrite WHERE ev_class = class.oid
) AS state (told)
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(%(tables)s)
UNION ALL
SELECT pg_describe_object(classid, objid, 0), 'it calls ' || pg_describe_object(refclassid, refobjid, 0)
    || ' in schema ' || coalesce(pronamespace, oprnamespace)::regnamespace
FROM pg_depend
LEFT JOIN pg_proc called ON refclassid = 'pg_proc'::regclass AND called.oid = refobjid
LEFT JOIN pg_operator used ON refclassid = 'pg_operator'::regclass AND used.oid = refobjid
LEFT JOIN pg_constraint named ON classid = 'pg_constraint'::regclass AND named.oid = objid
LEFT JOIN pg_trigger trigger ON classid = 'pg_trigger'::regclass AND trigger.oid = objid
LEFT JOIN pg_attrdef filled ON classid = 'pg_attrdef'::regclass AND filled.oid = objid
LEFT JOIN pg_class class ON class.oid = coalesce(nullif(conrelid, 0), tgrelid, adrelid)
LEFT JOIN pg_type type ON type.oid = contypid
WHERE coalesce(relnamespace, typnamespace) = current_schema()::regnamespace
  AND (relname = ANY(%(ours)s) OR typname = ANY(%(domains)s))
  AND coalesce(pronamespace, oprnamespace) <> current_schema()::regnamespace
ORDER BY 1, 2
"""

#: The ledger's own triggers on PostgreSQL (`core.db.ledger.triggers`), beside those that AppendOnly makes.
_OF_THE_LEDGER = {
    "ledger_account": ("append_only_ledger_account_identity", "ledger_opening_balance"),
    "ledger_expiry": ("ledger_keep_expired",),
    "ledger_pending": ("append_only_ledger_pending_identity", "append_only_ledger_pending_settled"),
    "ledger_transfer": ("ledger_keep_balances",),
}

_FUNCTIONS = """
SELECT proname::text, prosrc, prosecdef, coalesce(proconfig, '{}'), pg_get_function_arguments(oid),
    pg_get_function_result(oid), ARRAY(
    SELECT CASE grantee WHEN 0 THEN 'anybody' ELSE pg_get_userbyid(grantee)::text END
    FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee <> proowner ORDER BY 1
)
FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace
"""
_CONSTRAINTS = """
SELECT class.relname::text, named.conname::text, pg_get_constraintdef(named.oid)
FROM pg_constraint named JOIN pg_class class ON class.oid = named.conrelid
WHERE class.relnamespace = current_schema()::regnamespace AND named.contype IN ('c', 'f') AND named.convalidated
"""
# The columns of all keys that hold for every row, at once, and compare as PostgreSQL does.
_KEYS = """
SELECT class.relname::text, ARRAY(
    SELECT attname::text FROM unnest(indkey::int2[]) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute ON attrelid = indrelid AND attnum = part.number WHERE place <= indnkeyatts
)
FROM pg_index JOIN pg_class class ON class.oid = indrelid
WHERE class.relnamespace = current_schema()::regnamespace AND indisunique AND indimmediate AND indisvalid
  AND indpred IS NULL AND indexprs IS NULL
  AND NOT EXISTS (
    SELECT FROM pg_opclass kind WHERE kind.oid = ANY(indclass) AND opcnamespace <> 'pg_catalog'::regnamespace
  )
"""
# The type of each column of an append-only table; where that is a domain, what it is made of, and its rule;
# whether the column may be empty; and its default.
_COLUMNS = """
SELECT class.relname::text, attname::text, CASE
    WHEN typnamespace IN (current_schema()::regnamespace, 'pg_catalog'::regnamespace) THEN typname::text
    ELSE typnamespace::regnamespace || '.' || typname
END, format_type(typbasetype, type.typtypmod), (
    SELECT pg_get_constraintdef(rule.oid) FROM pg_constraint rule
    WHERE rule.contypid = type.oid AND rule.conname = type.typname || '_rule' AND rule.convalidated
), NOT attnotnull, pg_get_expr(adbin, adrelid)
FROM pg_attribute JOIN pg_class class ON class.oid = attrelid JOIN pg_type type ON type.oid = atttypid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE class.relnamespace = current_schema()::regnamespace AND class.relname = ANY(%(tables)s)
  AND attnum > 0 AND NOT attisdropped
ORDER BY 1, 2
"""
_FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(([^)]*)\)([^$]*)\$\$(.*?)\$\$", re.DOTALL)
_RESULT = re.compile(r"RETURNS (\w+)")
_SETTING = re.compile(r"SET (\w+) = '?(.+?)'?(?=\s+SET\s|\s+AS\s)", re.DOTALL)
_REFERENCE = re.compile(r'FOREIGN KEY \("?(\w+)"?\) REFERENCES "?(\w+)"?\(')
_TRIGGER = re.compile(r"CREATE TRIGGER (\w+)\s[^;]*? ON (\w+)\s[^;]*")


class _Function(NamedTuple):
    """What a function does, whether with its owner's rights, what is set meanwhile, of what, and what it gives."""

    body: str
    definer: bool
    settings: frozenset[str]
    arguments: str
    result: str


@cache
def append_only() -> dict[str, AppendOnly]:
    """What the migrations made append-only, by table."""
    return {operation.table: operation for operation in meant.operations() if isinstance(operation, AppendOnly)}


@cache
def _restricted() -> dict[tuple[str, str], str]:
    """By table and column: the domain that the migrations gave it."""
    restricting = [operation for operation in meant.operations() if isinstance(operation, Restrict)]
    return {(one.table, column): domain for one in restricting for column, domain in one.domains.items()}


def missing() -> Iterator[tuple[str, str]]:
    """(table, what its guard lacks)."""
    if not vendor.is_postgresql():
        from core.db.mysql import guards

        with connection.cursor() as cursor:
            yield from guards.missing(cursor, append_only(), roles.restricted())
        return
    triggers = _triggers()
    yield from _absent(triggers)
    for table, names in _OF_THE_LEDGER.items():
        yield from ((table, f"its trigger {name} is missing") for name in names if (table, name) not in triggers)
    for (table, name), (enabled, made) in sorted(triggers.items()):
        if not enabled:
            yield table, f"its trigger {name} is switched off"
        elif (table, name) in _made() and not alike(made, _made()[table, name]):
            yield table, f"its trigger {name} does not do what it did"
    strange = sorted(triggers.keys() - _made().keys())
    yield from ((table, f"its trigger {name} is not Daybook's") for table, name in strange)
    yield from _rows(_DISARMED)
    yield from _altered()
    yield from _unchecked()
    yield from meant.doubled({(table, frozenset(columns)) for table, columns in _rows(_KEYS)})
    yield from _loosened()
    yield from rights.missing(append_only(), definers=_definers(), called=_called())


def _altered() -> Iterator[tuple[str, str]]:
    """(function, how it is not as the migrations made it, or whom they let run it)."""
    there = defaultdict(list)
    for name, body, definer, settings_of, arguments, result, runners in _rows(_FUNCTIONS):
        there[name].append(_Function(body, definer, frozenset(settings_of), arguments, result))
        if name in _definers():
            others = [who for who in runners if who != settings.APPLICATION_ROLE]
            yield from ((name, f"{who} may run the function, as its owner") for who in others)
    for name, function in _functions().items():
        if there[name] != [function]:
            yield name, "the function does not say what it did" if there[name] else "the function is missing"


def _unchecked() -> Iterator[tuple[str, str]]:
    """(table, which of its constraints is gone or another)."""
    constraints = _rows(_CONSTRAINTS)
    told = {(table, name): made.removeprefix("CHECK ") for table, name, made in constraints}
    yield from meant.unchecked(told, rules.asked(meant.conditions()))
    yield from meant.unlimited(told, meant.of_columns())
    references = [(table, _REFERENCE.match(made)) for table, _, made in constraints]
    yield from meant.astray({(table, *found.groups()) for table, found in references if found})


def _loosened() -> Iterator[tuple[str, str]]:
    """(table, which of its columns may hold what it must not, or is filled in otherwise)."""
    columns, filled = _rows(_COLUMNS), meant.filled()
    for table, column, kind, base, rule, empty, _ in columns:
        domain = _restricted().get((table, column)) or READABLE.get(kind, kind)
        if domain in DOMAINS and not (kind == domain and _is_as_made(DOMAINS[domain], base, rule)):
            yield table, f"its column {column} may hold more than {domain}"
        if empty and (table, column) in filled:
            yield table, f"its column {column} may be empty"
    told = {(table, column): default for table, column, *_, default in columns}
    yield from meant.misfilled(told, meant.defaults(_statements()))


def _is_as_made(domain: Domain, base: str, rule: str | None) -> bool:
    return alike(base, domain.base) and alike(rule or "", f"CHECK ({domain.rule})")


@cache
def _functions() -> dict[str, _Function]:
    """The functions that guard."""
    statements = (POSTGRESQL_FUNCTIONS, *writers.POSTGRESQL, *postgresql.STATEMENTS)
    found = _FUNCTION.findall("\n".join(statements))
    return {
        name: _Function(body, "SECURITY DEFINER" in head, _settings(head), arguments, _RESULT.findall(head)[0])
        for name, arguments, head, body in found
    }


def _definers() -> list[str]:
    """Those that have their owner's rights."""
    return [name for name, function in _functions().items() if function.definer]


def _called() -> list[str]:
    """Those that guards call with the rights of whoever writes."""
    return [name for name, function in _functions().items() if not function.definer and function.result == "boolean"]


def _settings(head: str) -> frozenset[str]:
    """What a function's SET clauses say, as the catalogue says it."""
    return frozenset(f"{name}={value}" for name, value in _SETTING.findall(head))


@cache
def _made() -> dict[tuple[str, str], str]:
    """By table and name: the statement that made a trigger."""
    return {(one[2], one[1]): one[0] for one in _TRIGGER.finditer(";\n".join(_statements()))}


@cache
def _statements() -> tuple[str, ...]:
    appending = (statement for operation in append_only().values() for statement in operation.on_postgresql())
    return (*appending, *postgresql.STATEMENTS)


def _absent(triggers: Collection[tuple[str, str]], *, but: str = "") -> Iterator[tuple[str, str]]:
    for table, operation in sorted(append_only().items()):
        for name in (f"append_only_{table}_{what}" for what in operation.guarded if what != but):
            if (table, name) not in triggers:
                yield table, f"its trigger {name} is missing"


def _triggers() -> dict[tuple[str, str], tuple[bool, str]]:
    """By table and name: whether it is switched on, and the statement that would make it."""
    return {(table, name): (enabled, made) for table, name, enabled, made in _rows(_TRIGGERS)}


def _rows(query: str) -> list[tuple[Any, ...]]:
    """What the catalogue says; `%(tables)s` in the query are the append-only ones, `%(definers)s` as `_definers`.

    `%(ours)s` are all tables of ours, `%(domains)s` all domains.
    """
    asked = {"tables": list(append_only()), "definers": _definers(), "domains": list(DOMAINS), "ours": _tables()}
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        return list(cursor.fetchall())


@cache
def _tables() -> list[str]:
    return sorted({table for table, _ in meant.fields()})
