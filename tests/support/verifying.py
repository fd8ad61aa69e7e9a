"""The checks that `verify` runs, at the end of each test that has books."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from core.integrity import Finding

_PASSED = pytest.StashKey[bool]()


def findings() -> dict[str, tuple[Finding, ...]]:
    """By check: what is wrong with the books of the tenant in scope."""
    from config.verification import verify
    from tests.support.corrupting import taken_away

    told = {check.name: outcome.findings for check, outcome in verify()}
    if taken_away:
        told["core.guards"] = tuple(one for one in told["core.guards"] if taken_away.isdisjoint(one.detail.split()))
    return {name: several for name, several in told.items() if several}


def verify_books() -> None:
    """Fails the test where something that must be true of the tenant in scope is not."""
    found = [f"  {name}: {one.subject}: {one.detail}" for name, several in findings().items() for one in several]
    if found:
        pytest.fail("\n".join(["the books do not verify", *found]), pytrace=False)


def must_verify(test: pytest.Item) -> bool:
    """Whether the test left books that must verify: it passed, and did not corrupt them on purpose."""
    return test.stash.get(_PASSED, False) and test.get_closest_marker("corrupts") is None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "corrupts: its books are not verified when it ends, because it spoilt them")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report
