"""A database is started and migrated when a command needs it, and only then."""

from __future__ import annotations

import os
import zoneinfo
from pathlib import Path
from typing import Any

import pytest

from config import launch


class _StartedError(Exception):
    """The embedded database would have been started."""


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one migration, and an environment without a database."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ROLE", "DATABASE_MIGRATED"):
        monkeypatch.setenv(name, "")  # so that it is restored, whatever the code under test does
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", os.environ["PATH"])

    def start(name: str) -> None:
        raise _StartedError(name)

    monkeypatch.setattr(launch, "Cluster", start)
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    monkeypatch.setattr(launch, "VAR", tmp_path / "var")
    (tmp_path / "app" / "migrations").mkdir(parents=True)
    (tmp_path / "app" / "migrations" / "0001_initial.py").write_text("one")
    (tmp_path / "requirements.lock").write_text("django")
    return tmp_path


@pytest.fixture
def migrations(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """How often `migrate` would have run."""
    runs: list[Any] = []
    monkeypatch.setattr(launch, "_migrate", lambda: runs.append(os.environ["DATABASE_URL"]))
    return runs


@pytest.mark.parametrize("command", ["help", "version", "check", "makemigrations", "collectstatic"])
def test_commands_that_need_no_database_start_none(command: str) -> None:
    launch.prepare(command)
    assert "DATABASE_URL" not in os.environ


@pytest.mark.parametrize("command", ["bill", "migrate", "shell", ""])
def test_other_commands_start_the_embedded_one(command: str) -> None:
    with pytest.raises(_StartedError, match="main"):
        launch.prepare(command)


def test_an_address_in_the_environment_replaces_the_embedded_database(
    monkeypatch: pytest.MonkeyPatch, migrations: list[Any]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app@db/books")
    launch.prepare("bill")

    assert migrations == ["postgres://app@db/books"]


@pytest.mark.parametrize("command, role", [("migrate", "owner"), ("dbshell", "owner"), ("bill", None), ("shell", None)])
def test_only_what_changes_the_schema_runs_as_the_owner(
    monkeypatch: pytest.MonkeyPatch, migrations: list[Any], command: str, role: str | None
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app@db/books")
    launch.prepare(command)

    assert os.environ.get("DATABASE_ROLE") == role
    assert len(migrations) == (0 if role else 1)


def test_a_database_is_migrated_once_for_each_state_of_the_migrations(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, migrations: list[Any]
) -> None:
    def bill(url: str) -> None:
        monkeypatch.delenv("DATABASE_MIGRATED", raising=False)  # as in a new process
        monkeypatch.setenv("DATABASE_URL", url)
        launch.prepare("bill")

    bill("one")
    bill("one")
    assert migrations == ["one"]
    bill("two")
    bill("one")
    assert migrations == ["one", "two"]
    (checkout / "app" / "migrations" / "0002_more.py").write_text("two")
    bill("one")
    assert migrations == ["one", "two", "one"]
    (checkout / "app" / "migrations" / "0001_initial.py").write_text("changed")
    bill("one")
    assert len(migrations) == 4


def test_a_migration_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch, migrations: list[Any]) -> None:
    monkeypatch.setenv("DATABASE_URL", "one")

    def fail() -> None:
        raise SystemExit("failed")

    with monkeypatch.context() as broken:
        broken.setattr(launch, "_migrate", fail)
        with pytest.raises(SystemExit):
            launch.prepare("bill")
    launch.prepare("bill")
    assert migrations == ["one"]


def test_time_zones_come_from_the_pinned_package() -> None:
    """Bills must not depend on how old the system's own files are."""
    before = zoneinfo.TZPATH
    try:
        launch.prepare("help")
        assert zoneinfo.TZPATH == ()
        assert zoneinfo.ZoneInfo.no_cache("Europe/Athens").key == "Europe/Athens"
    finally:
        zoneinfo.reset_tzpath(to=before)
