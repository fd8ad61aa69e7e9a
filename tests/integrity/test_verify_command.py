"""`verify`: a line for each check, exit 1 where one found something, 2 where it was called wrongly."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from config import wiring
from core.models import Tenant
from tests.support.corrupting import corrupted


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, errors = StringIO(), StringIO()
    try:
        call_command("verify", *arguments, stdout=out, stderr=errors)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), errors.getvalue()
    return 0, out.getvalue(), errors.getvalue()


def in_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "verify", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)


def test_sound_books_hold(sound_books: Tenant) -> None:
    """The same again prints the same, and nothing but the result."""
    code, out, errors = run("--tenant", sound_books.key)
    assert (code, errors) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"✓ {sound_books.key}  1 In each currency, debits equal credits. (1 currencies)"
    assert lines[-1] == "everything holds"
    assert len(lines) == len(wiring.checks()) + 1
    assert run("--tenant", sound_books.key) == (code, out, errors)


def test_a_finding_is_named_and_exits_with_1(sound_books: Tenant) -> None:
    with corrupted(f"UPDATE billing_series SET last = 9 WHERE tenant_id = '{sound_books.id}'"):
        code, out, _ = run("--tenant", sound_books.key)
    assert code == 1
    told = out.partition("✗")[2].splitlines()
    assert told[0] == f" {sound_books.key}  6 Document numbers are dense, and in the order of issue. (6 documents)"
    assert told[1] == "    series invoice of seller: its last document has number 6, which is not the last one taken"
    assert told[-1] == "1 findings"


def test_of_many_findings_the_rest_is_counted(sound_books: Tenant) -> None:
    with corrupted(f"UPDATE billing_charge SET rated = '[]' WHERE tenant_id = '{sound_books.id}'"):
        _, out, _ = run("--tenant", sound_books.key)
    assert "    … and 4 more" in out


def test_findings_as_json(sound_books: Tenant) -> None:
    with corrupted(f"UPDATE billing_series SET last = 9 WHERE tenant_id = '{sound_books.id}'"):
        code, out, _ = run("--tenant", sound_books.key, "--json")
    assert code == 1
    (tenant, checks), *others = json.loads(out).items()
    assert (tenant, others) == (sound_books.key, [])
    assert [check["check"] for check in checks] == [check.name for check in wiring.checks()]
    (wrong,) = (check for check in checks if check["findings"])
    assert wrong == {
        "check": "billing.numbers",
        "rule": 6,
        "sentence": "Document numbers are dense, and in the order of issue.",
        "counted": 6,
        "unit": "documents",
        "findings": [
            {
                "subject": "series invoice of seller",
                "detail": "its last document has number 6, which is not the last one taken",
            }
        ],
    }


def test_an_unknown_tenant_is_refused(sound_books: Tenant) -> None:
    code, out, errors = run("--tenant", "nobody")
    assert (code, out) == (1, "")
    assert errors == "not_found: tenant: there is no tenant 'nobody'\n"


@pytest.mark.corrupts
def test_the_process_verifies_all_tenants_and_exits_by_what_it_found(own_database: str, books: Tenant) -> None:
    """0 while everything holds, 1 with a finding of any of the tenants, 2 where it is called wrongly."""
    sound = in_process()
    assert (sound.returncode, sound.stderr, sound.stdout.splitlines()[-1]) == (0, "", "everything holds")

    with corrupted("DELETE FROM core_message", undo=False):
        pass
    spoilt = in_process("--json")
    assert spoilt.returncode == 1
    found = [finding for check in json.loads(spoilt.stdout)[books.key] for finding in check["findings"]]
    assert found == [
        {"subject": f"tenant.created of tenant {books.id}", "detail": "recorded 1 times, announced 0 times"}
    ]

    wrong = in_process("--what")
    assert (wrong.returncode, wrong.stdout) == (2, "")
