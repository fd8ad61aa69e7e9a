"""API keys on requests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory

from core.access.authentication import HasScope, presented_key
from core.access.scope import tenant_scope
from core.models import ApiKey, new_id


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"Authorization": "Bearer dbk_x"}, "dbk_x"),
        ({"Authorization": "bearer   dbk_x "}, "dbk_x"),
        ({"X-API-Key": "dbk_y"}, "dbk_y"),
        ({"Authorization": "Bearer dbk_x", "X-API-Key": "dbk_y"}, "dbk_x"),
        ({"Authorization": "Bearer ", "X-API-Key": "dbk_y"}, "dbk_y"),
        ({"Authorization": "Basic dbk_x"}, None),
        ({"Authorization": "dbk_x"}, None),
        ({"X-API-Key": ""}, None),
        ({}, None),
    ],
)
def test_where_a_key_is_looked_for(headers: dict[str, str], key: str | None) -> None:
    assert presented_key(RequestFactory().get("/v1/events", headers=headers)) == key


@pytest.mark.parametrize(
    ("wanted", "scopes", "may"),
    [
        ("usage:read", ["usage:read"], True),
        ("usage:read", ["events:write", "usage:read"], True),
        ("usage:read", ["events:write"], False),
        ("usage:read", [], False),
        (None, ["usage:read"], False),
    ],
)
def test_a_view_lets_only_its_own_scope_pass(wanted: str | None, scopes: list[str], may: bool) -> None:
    """A view that asks for no scope lets nobody pass."""
    with tenant_scope(new_id()):
        request: Any = SimpleNamespace(auth=ApiKey(scopes=scopes))
    assert HasScope().has_permission(request, SimpleNamespace(required_scope=wanted)) is may


def test_without_a_key_nobody_passes() -> None:
    request: Any = SimpleNamespace(auth=None)
    assert not HasScope().has_permission(request, SimpleNamespace(required_scope="usage:read"))
