"""The door as it is used: two shops with books, a server that really runs, and who comes to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from config.places import ROOT
from core.access.scope import tenant_scope
from tests.edges.books import Shop, open_shop

Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def shops(django_db_setup: None, django_db_blocker: Any) -> tuple[Shop, Shop]:
    """Ours, and one that is none of our business."""
    with django_db_blocker.unblock():
        return open_shop("ours"), open_shop("theirs", series="THEIRS/2026/{number}")


@pytest.fixture
def shop(shops: tuple[Shop, Shop], transactional_db: None) -> Iterator[Shop]:
    """Ours, in scope."""
    with tenant_scope(shops[0].tenant.id):
        yield shops[0]


@pytest.fixture
def theirs(shops: tuple[Shop, Shop], transactional_db: None) -> Shop:
    return shops[1]


@pytest.fixture(scope="package")
def address(shops: tuple[Shop, Shop]) -> Iterator[str]:
    """Where bin/serve serves this worker's database. No longer than it is asked: its relay looks after every tenant."""
    command = [sys.executable, str(ROOT / "manage.py"), "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().removeprefix("web ").strip()
        finally:
            server.terminate()
    assert server.returncode == 0


@pytest.fixture
def ask(address: str) -> Iterator[Ask]:
    """Sends a request to the API: ask(path, key, **params)."""
    with httpx.Client(base_url=f"{address}/v1", timeout=30) as client:

        def ask(path: str, key: str | None = None, *, method: str = "GET", headers: Any = None, **params: Any) -> Any:
            presented = {"Authorization": f"Bearer {key}"} if key else {}
            return client.request(method, path, params=params or None, headers={**presented, **(headers or {})})

        yield ask


@pytest.fixture
def get(ask: Ask, shop: Shop) -> Ask:
    """The same with our key that may read invoices."""

    def get(path: str, **params: Any) -> httpx.Response:
        return ask(path, shop.keys["invoices:read"], **params)

    return get
