"""The statements with which tests bend the books, written for PostgreSQL, as MariaDB says them."""

from __future__ import annotations

import re

from core.access.scope import tenant_or_none
from tests.support.roles import on_postgresql

_UUID = r"'([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})'"
_SAID = [
    (r"(?<!subject_id = )" + _UUID, r"'\1\2\3\4\5'"),
    (r"gen_random_uuid\(\)", "MD5(RAND())"),
    (r"interval '(\d+) (day|second|microsecond)s?'", r"INTERVAL \1 \2"),
    (r"'(\d{4}-\d\d-\d\d)Z'", r"'\1'"),
    (r"encode\(sha256\(('\w+')\), 'hex'\)", r"SHA2(\1, 256)"),
    (r"sha256\(('\w+')\)", r"UNHEX(SHA2(\1, 256))"),
    (r"(\w+) \|\| ('[^']*')", r"CONCAT(\1, \2)"),
    (r"due_on \+ 1", "due_on + INTERVAL 1 DAY"),
    (r"\bkey\b(?= =)", "`key`"),
    (r"1e-12", "0.000000000001"),  # elsewhere that is a float
]


def said(statement: str) -> str:
    """The statement as the database at hand takes it."""
    if on_postgresql():
        return statement
    tenant = tenant_or_none()
    statement = statement.replace("current_setting('daybook.tenant')::uuid", f"'{tenant}'")
    for pattern, replacement in _SAID:
        statement = re.sub(pattern, replacement, statement)
    return statement
