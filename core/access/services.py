"""Opening tenants, and giving people and programs access to them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from core import audit, clock, outbox
from core.access import scope
from core.actor import Actor
from core.db.transaction import atomic
from core.errors import InvalidValue, NotFound, Refusal
from core.events import Event
from core.models import ApiKey, Membership, Tenant
from core.models.access import Role

#: What an API key may be allowed to do.
SCOPES = ("events:write", "events:read", "usage:read", "invoices:read")


class TenantExists(Refusal):
    """The key is taken by a tenant of another kind."""

    code = "tenant_exists"


def tenant_by_key(key: str) -> Tenant:
    """The tenant of that key. Raises NotFound."""
    tenant = Tenant.objects.filter(key=key).first()
    if tenant is None:
        raise NotFound(f"there is no tenant {key!r}", field="tenant")
    return tenant


def open_tenant(
    *,
    key: str,
    name: str,
    kind: str,
    actor: Actor,
    clock_at: datetime | None = None,
    time_zone: str = "UTC",
    metadata: Mapping[str, Any] | None = None,
) -> Tenant:
    """A new tenant; a sandbox's clock starts at `clock_at`, or at the real now. `time_zone` is that of its books."""
    now = timezone.now()
    starts_at = (clock_at or now) if kind == Tenant.Kind.SANDBOX else None
    with atomic():
        tenant = Tenant(
            key=key,
            name=name,
            kind=kind,
            clock_at=starts_at,
            time_zone=time_zone,
            metadata=dict(metadata or {}),
            created_at=now,
        )
        tenant.save(force_insert=True)
        with scope.tenant_scope(tenant.id):
            at = clock.of(tenant)
            audit.record(
                actor=actor, event=Event.TENANT_CREATED, subject=tenant, at=at, after={"key": key, "kind": kind}
            )
            outbox.publish(event=Event.TENANT_CREATED, subject=tenant, at=at)
    return tenant


def change_tenant(
    *, tenant: Tenant, name: str, time_zone: str, metadata: Mapping[str, Any], actor: Actor
) -> tuple[str, ...]:
    """Which of these were others before; the key and the kind never change."""
    wanted = {"name": name, "time_zone": time_zone, "metadata": dict(metadata)}
    with atomic():
        row = Tenant.objects.select_for_update().get(pk=tenant.pk)
        before = {field: getattr(row, field) for field in wanted if getattr(row, field) != wanted[field]}
        if not before:
            return ()
        after = {field: wanted[field] for field in before}
        for field, value in after.items():
            setattr(row, field, value)
        row.save(update_fields=list(before))
        with scope.tenant_scope(row.id):
            at = clock.of(row)
            audit.record(actor=actor, event=Event.TENANT_CHANGED, subject=row, at=at, before=before, after=after)
            outbox.publish(event=Event.TENANT_CHANGED, subject=row, at=at, payload=after)
    return tuple(before)


@contextmanager
def every_tenant(*, actor: Actor, reason: str) -> Iterator[None]:
    """Sees all tenants' rows: the only way across, written to each tenant's audit trail."""
    with atomic():
        for tenant in Tenant.objects.order_by("id"):
            with scope.tenant_scope(tenant.id):
                audit.record(
                    actor=actor, event=Event.TENANT_CROSSED, subject=tenant, at=clock.of(tenant), reason=reason
                )
    with scope._every_tenant():  # noqa: SLF001 - this function is the audited way in
        yield


def create_api_key(*, scopes: Iterable[str], actor: Actor) -> str:
    """A new key of the tenant in scope. The text is returned this once; only its SHA-256 is kept."""
    wanted = sorted(set(scopes))
    if unknown := [name for name in wanted if name not in SCOPES]:
        raise InvalidValue(f"unknown scope {unknown[0]!r}: choose from {', '.join(SCOPES)}", field="scope")
    if not wanted:
        raise InvalidValue(f"name at least one scope: {', '.join(SCOPES)}", field="scope")
    tenant = Tenant.objects.get(pk=scope.tenant_id())
    text = f"dbk_{'live' if tenant.kind == Tenant.Kind.LIVE else 'test'}_{secrets.token_urlsafe(32)}"
    at = clock.of(tenant)
    with atomic():
        key = ApiKey.objects.create(prefix=text[:13], digest=_digest(text), scopes=wanted, created_at=at)
        audit.record(actor=actor, event=Event.API_KEY_CREATED, subject=key, at=at, after={"scopes": wanted})
        outbox.publish(event=Event.API_KEY_CREATED, subject=key, at=at)
    return text


def revoke_api_key(*, key: ApiKey, actor: Actor) -> None:
    """From now on the key is refused."""
    with atomic():
        row = ApiKey.objects.select_for_update().get(pk=key.pk)
        if row.revoked_at is None:
            row.revoked_at = at = clock.now()
            row.save(update_fields=["revoked_at"])
            audit.record(actor=actor, event=Event.API_KEY_REVOKED, subject=row, at=at)
            outbox.publish(event=Event.API_KEY_REVOKED, subject=row, at=at)


def api_key_of(text: str) -> ApiKey | None:
    """The live key of that text, whichever tenant it belongs to."""
    # Looked up by digest: the comparison's timing tells nothing about the key.
    with scope._every_tenant():  # noqa: SLF001 - the key itself says whose it is
        return ApiKey.objects.filter(digest=_digest(text), revoked_at__isnull=True).first()


def create_operator(*, email: str, role: str, actor: Actor) -> tuple[Any, str | None]:
    """The operator of that e-mail with a role in the tenant in scope, and a password where the account is new."""
    if role not in Role.values:
        raise InvalidValue(f"unknown role {role!r}: choose from {', '.join(Role.values)}", field="role")
    if "@" not in email or len(email) > 150 or not email.isprintable() or " " in email:
        raise InvalidValue(f"{email!a} is not an e-mail address", field="email")
    users, password = get_user_model(), None
    with atomic():
        user = users.objects.filter(username=email.lower()).first()
        if user is None:
            password = secrets.token_urlsafe(15)
            user = users.objects.create_user(email.lower(), email=email, password=password, is_staff=True)
        at = clock.now()
        membership, _ = Membership.objects.update_or_create(user=user, defaults={"role": role})
        audit.record(actor=actor, event=Event.OPERATOR_CREATED, subject=membership, at=at, after={"role": role})
        outbox.publish(event=Event.OPERATOR_CREATED, subject=membership, at=at)
    return user, password


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
