"""How large the tests are that take long: MariaDB takes rows one by one, and gets a third of the work."""

from __future__ import annotations

from tests.support.databases import on_mariadb


def sized(full: int) -> int:
    """The size of something, or how often it is done."""
    return max(1, full // 3) if on_mariadb() else full
