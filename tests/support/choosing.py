"""Which tests run: on other servers than the embedded one, those that touch the database, and can there."""

from __future__ import annotations

import pytest

from tests.support.databases import on_mariadb

#: Whatever brings a test to the database begins with one of these fixtures.
_TOUCHING = {"django_db_setup", "own_database"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--touching-database", action="store_true", help="only tests that touch the database")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgresql(why): about PostgreSQL itself, so it is left out elsewhere")
    config.addinivalue_line("markers", "mariadb(why): about MariaDB itself, so it is left out elsewhere")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = [item for item in items if _can_run(item) and (not config.option.touching_database or _touches(item))]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def _can_run(item: pytest.Item) -> bool:
    elsewhere = "postgresql" if on_mariadb() else "mariadb"
    return item.get_closest_marker(elsewhere) is None


def _touches(item: pytest.Item) -> bool:
    return (
        not _TOUCHING.isdisjoint(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db") is not None
    )
