"""`clock`, `api_key`, `operator`, `flush`: the result on standard output, the rest by exit code (interfaces §1)."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import clock
from core.access import services as access
from core.actor import Actor
from core.management.commands.api_key import Command as ApiKeyCommand
from core.models import ApiKey, Membership, Tenant
from tests.support.commands import manage
from tests.support.world import instant


def test_the_clock_is_shown_and_moved_forward(books: Tenant) -> None:
    assert manage("clock", "--tenant", books.key).out == "2026-01-01T00:00:00Z\n"
    assert manage("clock", "--tenant", books.key, "--to", "2026-02-01").out == "2026-02-01T00:00:00Z\n"
    moved = manage("clock", "--tenant", books.key, "--to", "2026-02-01T12:00:00+02:00")
    assert (moved.code, moved.out) == (0, "2026-02-01T10:00:00Z\n")
    assert clock.now() == instant("2026-02-01T10:00:00")


@pytest.mark.parametrize(
    ("to", "code", "told"),
    [
        ("2025-12-31", 1, "clock_refused: to: the clock is already at 2026-01-01T00:00:00+00:00"),
        ("2026-02-30", 2, "is not a day such as 2026-02-01"),
        ("2026-02-01T12:00:00", 2, "has no offset"),
        ("tomorrow", 2, "is not a day"),
        ("9999-01-01", 2, "is not between 1970 and 2200"),
    ],
)
def test_a_refused_move_is_1_and_an_unreadable_one_2(books: Tenant, to: str, code: int, told: str) -> None:
    done = manage("clock", "--tenant", books.key, "--to", to)
    assert (done.code, done.out) == (code, "")
    assert told in done.err
    assert clock.now() == instant("2026-01-01")


def test_a_live_tenant_has_no_clock_to_show(books: Tenant, actor: Actor) -> None:
    live = access.open_tenant(key=f"live-{uuid4().hex}", name="Live", kind="live", actor=actor)
    done = manage("clock", "--tenant", live.key)
    assert (done.code, done.out) == (1, "")
    assert "clock_refused: tenant: only a sandbox has a clock of its own" in done.err


@pytest.mark.parametrize(
    "arguments",
    [("clock",), ("api_key", "create", "--scope", "events:write")],
)
def test_an_unknown_tenant_is_refused_and_none_at_all_is_wrong_usage(books: Tenant, arguments: tuple[str, ...]) -> None:
    unknown = manage(*arguments, "--tenant", "nobody")
    assert (unknown.code, unknown.out) == (1, "")
    assert "not_found: tenant: there is no tenant 'nobody'" in unknown.err
    assert manage(*arguments).code == 2


def test_a_key_stands_alone_on_standard_output(books: Tenant) -> None:
    done = manage("api_key", "create", "--tenant", books.key, "--scope", "events:write", "usage:read")
    assert (done.code, done.err) == (0, "")
    found = access.api_key_of(done.out.removesuffix("\n"))
    assert found is not None
    assert found.scopes == ["events:write", "usage:read"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "--scope", "events:delete"), 1),
        (("create",), 2),
        (("delete", "--scope", "events:write"), 2),
    ],
)
def test_no_key_is_made_for_a_scope_that_there_is_not(books: Tenant, arguments: tuple[str, ...], code: int) -> None:
    done = manage("api_key", *arguments, "--tenant", books.key)
    assert (done.code, done.out, ApiKey.objects.count()) == (code, "", 0)


def test_an_operators_password_is_shown_once(books: Tenant) -> None:
    arguments = ("create", "--email", f"{uuid4().hex}@example.com", "--role", "finance", "--tenant", books.key)
    first, again = manage("operator", *arguments), manage("operator", *arguments)
    assert (first.code, again.code, again.out) == (0, 0, "")
    user = Membership.objects.get().user
    assert user.check_password(first.out.removesuffix("\n"))
    assert f"is finance of {books.key}" in first.err


@pytest.mark.parametrize(
    ("email", "role", "code"), [("ann", "owner", 1), ("ann@example.com", "root", 2), ("ann@example.com", "", 2)]
)
def test_an_operator_without_an_address_or_a_role_is_not_made(books: Tenant, email: str, role: str, code: int) -> None:
    done = manage("operator", "create", "--email", email, "--role", role, "--tenant", books.key)
    assert (done.code, done.out, Membership.objects.count()) == (code, "", 0)


def test_books_are_never_flushed(books: Tenant) -> None:
    """On a test database it does nothing; anywhere else it is refused."""
    call_command("flush", interactive=False)
    assert Tenant.objects.filter(pk=books.pk).exists()
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = "daybook"
    try:
        with pytest.raises(CommandError, match="can't be flushed"):
            call_command("flush", interactive=False)
    finally:
        connection.settings_dict["NAME"] = name


def test_usage_names_the_command_that_people_run() -> None:
    assert ApiKeyCommand().create_parser("manage.py", "api_key").format_usage().startswith("usage: bin/manage api_key ")
