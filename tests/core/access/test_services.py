"""Tenants, API keys and operators: who may come in, and what is written about it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError

from core.access import services
from core.access.scope import tenant_scope
from core.access.services import SCOPES
from core.actor import Actor
from core.errors import InvalidValue, NotFound
from core.models import ApiKey, AuditRecord, Membership, Message, Tenant
from core.models.access import Role
from tests.support.tenants import another_tenant
from tests.support.world import instant


def _events() -> list[str]:
    return list(AuditRecord.objects.order_by("id").values_list("event", flat=True))


def test_a_sandbox_has_a_clock_and_a_live_tenant_has_none(books: Tenant, actor: Actor) -> None:
    live = services.open_tenant(key=f"live-{uuid4().hex}", name="Live", kind="live", actor=actor)
    assert (books.clock_at, live.clock_at) == (instant("2026-01-01"), None)


def test_a_key_opens_one_tenant(books: Tenant, actor: Actor) -> None:
    with pytest.raises(IntegrityError):
        services.open_tenant(key=books.key, name="Again", kind="sandbox", actor=actor)
    assert services.tenant_by_key(books.key).id == books.id
    with pytest.raises(NotFound, match="there is no tenant 'nobody'"):
        services.tenant_by_key("nobody")


def test_opening_a_tenant_is_the_first_thing_in_its_trail(books: Tenant) -> None:
    assert _events() == ["tenant.created"] == list(Message.objects.values_list("event", flat=True))


@pytest.mark.parametrize(
    ("name", "time_zone", "metadata", "changed"),
    [
        ("Better", "UTC", {}, ("name",)),
        ("Test books", "UTC", {"crm": "7"}, ("metadata",)),
        ("Better", "Europe/Berlin", {"crm": "7"}, ("name", "time_zone", "metadata")),
        ("Test books", "UTC", {}, ()),
    ],
)
def test_a_change_says_what_was_before_and_the_same_again_is_none(
    books: Tenant, actor: Actor, name: str, time_zone: str, metadata: dict[str, str], changed: tuple[str, ...]
) -> None:
    """The key stays; the trail holds what changed and nothing else."""
    before: dict[str, Any] = {"name": "Test books", "time_zone": "UTC", "metadata": {}}
    after: dict[str, Any] = {"name": name, "time_zone": time_zone, "metadata": metadata}
    for expected in (changed, ()):
        assert services.change_tenant(tenant=books, **after, actor=actor) == expected
    assert Tenant.objects.values("key", *after).get(pk=books.pk) == {"key": books.key, **after}
    trail = [({one: before[one] for one in changed}, {one: after[one] for one in changed})] if changed else []
    assert list(AuditRecord.objects.filter(event="tenant.changed").values_list("before", "after")) == trail


@pytest.mark.parametrize(("kind", "beginning"), [("sandbox", "dbk_test_"), ("live", "dbk_live_")])
def test_a_key_says_what_it_opens_and_is_kept_as_a_digest_only(
    books: Tenant, actor: Actor, kind: str, beginning: str
) -> None:
    """Whoever reads the database, its dump or its trail learns no key (invariant I17)."""
    tenant = services.open_tenant(key=f"t-{uuid4().hex}", name="Test", kind=kind, actor=actor)
    with tenant_scope(tenant.id):
        text = services.create_api_key(scopes=["usage:read", "events:write", "usage:read"], actor=actor)
        row, trail = ApiKey.objects.get(), AuditRecord.objects.get(event="api_key.created")
        kept = [repr(vars(one)) for one in (row, trail, *Message.objects.all())]
    assert re.fullmatch(f"{beginning}[A-Za-z0-9_-]{{43}}", text)
    assert (row.digest, row.prefix) == (sha256(text.encode()).hexdigest(), text[:13])
    assert row.scopes == ["events:write", "usage:read"]
    assert trail.after == {"scopes": row.scopes}
    assert not any(text[13:] in one for one in kept)


@pytest.mark.parametrize("scopes", [[], ["events:delete"], ["events:write", "*"], [""]])
def test_a_key_is_made_for_known_scopes_and_at_least_one(books: Tenant, actor: Actor, scopes: list[str]) -> None:
    with pytest.raises(InvalidValue) as refused:
        services.create_api_key(scopes=scopes, actor=actor)
    assert refused.value.field == "scope"
    assert not ApiKey.objects.exists()


def test_a_key_is_found_from_anywhere_until_it_is_revoked(books: Tenant, actor: Actor) -> None:
    text = services.create_api_key(scopes=SCOPES, actor=actor)
    with another_tenant():
        found = services.api_key_of(text)
    assert found is not None
    assert found.tenant_id == books.id

    services.revoke_api_key(key=found, actor=actor)
    assert services.api_key_of(text) is None
    services.revoke_api_key(key=found, actor=actor)
    assert ApiKey.objects.get().revoked_at == instant("2026-01-01")
    assert _events().count("api_key.revoked") == 1


def test_a_key_that_differs_by_one_character_opens_nothing(books: Tenant, actor: Actor) -> None:
    text = services.create_api_key(scopes=SCOPES, actor=actor)
    assert [services.api_key_of(wrong) for wrong in (text[:-1], f"{text} ", text.upper(), "")] == [None] * 4


def test_an_operator_gets_a_password_once_and_one_role_in_each_tenant(books: Tenant, actor: Actor) -> None:
    email = f"Ann.{uuid4().hex}@example.com"
    user, password = services.create_operator(email=email, role="finance", actor=actor)
    with another_tenant() as other:
        again, none = services.create_operator(email=email.upper(), role="support", actor=actor)
    services.create_operator(email=email, role="owner", actor=actor)

    assert (again, none) == (user, None)
    assert password is not None
    assert get_user_model().objects.get(pk=user.pk).check_password(password)
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert [(one.tenant_id, one.role) for one in Membership.objects.all()] == [(books.id, "owner")]
    with tenant_scope(other.id):
        assert [one.role for one in Membership.objects.all()] == ["support"]
    assert not any(password in repr(vars(one)) for one in AuditRecord.objects.all())


@pytest.mark.parametrize(
    ("email", "role", "field"),
    [("ann", "owner", "email"), (f"{'a' * 150}@example.com", "owner", "email"), ("ann@example.com", "root", "role")],
)
def test_an_operator_needs_an_address_and_a_known_role(
    books: Tenant, actor: Actor, email: str, role: str, field: str
) -> None:
    assert role in Role.values or field == "role"
    with pytest.raises(InvalidValue) as refused:
        services.create_operator(email=email, role=role, actor=actor)
    assert refused.value.field == field
    assert not get_user_model().objects.filter(username=email).exists()


def test_seeing_every_tenant_is_written_to_each_ones_trail(books: Tenant, actor: Actor) -> None:
    """The only way across says who went, and why."""
    services.create_api_key(scopes=SCOPES, actor=actor)
    with another_tenant() as other:
        services.create_api_key(scopes=SCOPES, actor=actor)
    with services.every_tenant(actor=actor, reason="restore drill"):
        seen = set(ApiKey.objects.filter(tenant_id__in=[books.id, other.id]).values_list("tenant_id", flat=True))
    assert seen == {books.id, other.id}
    for tenant in (books, other):
        with tenant_scope(tenant.id):
            crossed = AuditRecord.objects.get(event="tenant.crossed")
            assert (crossed.actor_name, crossed.reason, ApiKey.objects.count()) == ("tests", "restore drill", 1)
