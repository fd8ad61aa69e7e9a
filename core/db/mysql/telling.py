"""What guards MariaDB or MySQL has, told by a function of the owner: the application may not see them itself."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db import OperationalError

from core.db.arrivals import COLUMN
from core.db.truncation import KEEPER

# MariaDB's names of constraints are of one table, MySQL's of the whole database.
_SAME_TABLE = "AND rule.table_name = named.table_name"

_TELL = f"""
CREATE FUNCTION daybook_guards() RETURNS longtext READS SQL DATA SQL SECURITY DEFINER RETURN (
    SELECT JSON_ARRAYAGG(JSON_ARRAY(kind, of_table, name, says)) FROM (
        SELECT 'owner' AS kind, '' AS of_table, '' AS name, CURRENT_USER() AS says
        UNION ALL SELECT 'trigger', event_object_table, trigger_name,
            CONCAT_WS(' ', action_timing, event_manipulation, action_statement)
        FROM information_schema.triggers WHERE trigger_schema = DATABASE()
        UNION ALL SELECT 'keeper', referenced_table_name, table_name, NULL
        FROM information_schema.referential_constraints
        WHERE constraint_schema = DATABASE() AND LEFT(table_name, {len(KEEPER)}) = '{KEEPER}'
        UNION ALL SELECT 'check', named.table_name, named.constraint_name, rule.check_clause
        FROM information_schema.table_constraints named JOIN information_schema.check_constraints rule
            ON rule.constraint_schema = named.constraint_schema AND rule.constraint_name = named.constraint_name
            {{same_table}}
        WHERE named.constraint_schema = DATABASE() AND named.constraint_type = 'CHECK'
        UNION ALL SELECT 'columns', table_name, '', GROUP_CONCAT(column_name ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_schema = DATABASE() GROUP BY table_name
        UNION ALL SELECT 'empty', table_name, column_name, NULL
        FROM information_schema.columns WHERE table_schema = DATABASE() AND is_nullable = 'YES'
        UNION ALL SELECT 'default', table_name, column_name, column_default
        FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = '{COLUMN}'
        UNION ALL SELECT 'key', table_name, index_name, GROUP_CONCAT(column_name)
        FROM information_schema.statistics WHERE table_schema = DATABASE() AND non_unique = 0
        GROUP BY table_name, index_name
        UNION ALL SELECT 'reference', table_name, column_name, referenced_table_name
        FROM information_schema.key_column_usage
        WHERE constraint_schema = DATABASE() AND referenced_table_name IS NOT NULL
    ) guards
)
"""
#: The catalogue can't be read for a moment after tables were made, dropped or altered (error 1684).
_TRIES = 10
_PAUSE_SECONDS = 0.3

#: By kind, then by table and name: what the catalogue says of it.
Told = Mapping[str, Mapping[tuple[str, str], str | None]]


def tell_guards(cursor: Any, account: str, *, mariadb: bool) -> None:
    """Lets the application ask which guards there are."""
    cursor.execute("DROP FUNCTION IF EXISTS daybook_guards")
    cursor.execute(_TELL.format(same_table=_SAME_TABLE if mariadb else ""))
    cursor.execute(f"GRANT EXECUTE ON FUNCTION daybook_guards TO {account}")


def told(cursor: Any) -> tuple[Told, str]:
    """The guards that are there, and who asks."""
    for _ in range(_TRIES):
        with suppress(OperationalError):
            cursor.execute("SELECT daybook_guards(), CURRENT_USER()")
            break
        time.sleep(_PAUSE_SECONDS)
    else:
        cursor.execute("SELECT daybook_guards(), CURRENT_USER()")
    rows, user = cursor.fetchone()
    found: dict[str, dict[tuple[str, str], str | None]] = defaultdict(dict)
    for kind, table, name, says in json.loads(rows):
        found[kind][table, name] = says
    return found, user
