"""The checks that `verify` runs, at the end of each test that has books."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Any

import pytest

from core.integrity import Finding

_PASSED = pytest.StashKey[bool]()

#: About the whole installation, not about a tenant. The application's own role can take no guard away; so after a test
#: this is asked only where the test spoke as another role or on another database, and once more when all have run.
_GUARDS = "core.guards"
_found_guarded: set[tuple[object, int]] = set()


def findings(*, but: Collection[str] = ()) -> dict[str, tuple[Finding, ...]]:
    """By check: what is wrong with the books of the tenant in scope."""
    from config.verification import verify
    from tests.support.corrupting import taken_away

    told = {check.name: outcome.findings for check, outcome in verify(but=but)}
    if taken_away and _GUARDS in told:
        told[_GUARDS] = tuple(one for one in told[_GUARDS] if taken_away.isdisjoint(one.detail.split()))
    return {name: several for name, several in told.items() if several}


def verify_books() -> None:
    """Fails the test where something that must be true of the tenant in scope is not."""
    guarded = _guarded()
    told = findings(but={_GUARDS} if guarded in _found_guarded else ())
    found = [f"  {name}: {one.subject}: {one.detail}" for name, several in told.items() for one in several]
    if found:
        pytest.fail("\n".join(["the books do not verify", *found]), pytrace=False)
    _found_guarded.add(guarded)


def _guarded() -> tuple[object, int]:
    """The database, and how often somebody else than the application has spoken to it."""
    from django.conf import settings

    from tests.support import roles

    return settings.DATABASES["default"]["NAME"], roles.spoken


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
