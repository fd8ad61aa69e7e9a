"""Set-up does what is missing, goes on where it was interrupted, and says what only a person can do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import packages, provision, system_packages
from config.places import ROOT

_LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose environment is made, and whose system lacks nothing."""
    for lock in _LOCKS:
        (tmp_path / lock).write_text(f"pins of {lock}")
    monkeypatch.setattr(provision, "ROOT", tmp_path)
    monkeypatch.setattr(provision, "VAR", tmp_path / "var")
    monkeypatch.setattr(provision, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(provision, "UNFINISHED", tmp_path / ".venv" / "unfinished")
    monkeypatch.setattr(system_packages, "_missing_venv", list)
    monkeypatch.setattr(system_packages, "_missing_libraries", list)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lock files that pip was given."""
    locks: list[str] = []
    monkeypatch.setattr(provision, "install", lambda lock, *, python: locks.append(lock.name))
    return locks


def test_what_is_done_is_not_done_again(checkout: Path, installed: list[str]) -> None:
    assert provision.main("requirements.lock") == 0
    assert provision.main("requirements.lock") == 0
    assert installed == ["requirements.lock"]

    (checkout / "requirements.lock").write_text("other pins")
    provision.main("requirements.lock")
    assert installed == ["requirements.lock", "requirements.lock"]


def test_the_lock_for_tests_serves_running_too(checkout: Path, installed: list[str]) -> None:
    provision.main("requirements-dev.lock")
    provision.main("requirements.lock")
    assert installed == ["requirements-dev.lock"]

    (checkout / "requirements.lock").write_text("other pins")
    provision.main("requirements.lock")
    assert not provision.is_done("requirements-dev.lock")


def test_an_interrupted_set_up_begins_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip takes a package that is half there for installed, so nothing of it is kept."""

    def interrupt(lock: Path, *, python: Path) -> None:
        raise KeyboardInterrupt

    made: list[Path] = []
    monkeypatch.setattr("venv.EnvBuilder.create", lambda builder, place: made.append(place))
    monkeypatch.setattr(provision, "install", interrupt)
    assert provision.main("requirements.lock") == 130
    assert not provision.is_done("requirements.lock")
    assert made == []

    monkeypatch.setattr(provision, "install", lambda lock, *, python: None)
    assert provision.main("requirements.lock") == 0
    assert made == [checkout / ".venv"]
    assert provision.is_done("requirements.lock")


class _System:
    """A Debian without some packages."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, user: int, missing: list[str]) -> None:
        self.missing, self.calls = missing, list[list[str]]()
        self.reachable = True
        monkeypatch.setattr(system_packages, "_missing_venv", lambda: [p for p in self.missing if "venv" in p])
        monkeypatch.setattr(system_packages, "_missing_libraries", lambda: [p for p in self.missing if "lib" in p])
        monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
        monkeypatch.setattr("os.geteuid", lambda: user)
        monkeypatch.setattr("subprocess.run", self.run)

    def run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert options["env"]["DEBIAN_FRONTEND"] == "noninteractive"
        self.calls.append([word for word in command if not word.startswith(("-", "DPkg"))])
        if "install" in command and self.reachable:
            self.missing = [package for package in self.missing if package not in command]
        return subprocess.CompletedProcess(command, 0 if self.reachable else 100, stdout="E: cannot reach it")


_APT = "sudo apt-get update && sudo apt-get install -y --no-install-recommends"


def test_root_installs_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    system = _System(monkeypatch, user=0, missing=["python3-venv", "libpango-1.0-0"])
    system_packages.add_what_running_needs()

    assert system.calls == [["apt-get", "update"], ["apt-get", "install", "python3-venv", "libpango-1.0-0"]]


def test_a_user_is_told_the_line_and_set_up_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = _System(monkeypatch, user=1000, missing=["python3-venv", "libpango-1.0-0"])
    with pytest.raises(SystemExit) as ended:
        system_packages.add_what_running_needs()

    told = capsys.readouterr()
    assert ended.value.code == 2
    assert f"{_APT} python3-venv libpango-1.0-0\n" in told.err
    assert told.out == ""
    assert system.calls == []


@pytest.mark.parametrize("user", [0, 1000])
def test_without_pango_set_up_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], user: int
) -> None:
    """Only PDFs need it."""
    system = _System(monkeypatch, user=user, missing=["libpango-1.0-0", "libpangoft2-1.0-0"])
    system.reachable = False
    system_packages.add_what_running_needs()

    told = capsys.readouterr().err
    assert f"{_APT} libpango-1.0-0 libpangoft2-1.0-0\n" in told
    assert ("cannot reach it" in told) is (user == 0)


def test_tests_that_run_other_programs_are_optional(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _System(monkeypatch, user=1000, missing=[])
    system_packages.add_what_tests_run()
    told = capsys.readouterr().err
    assert "tests with chromium and hledger are skipped" in told
    assert f"{_APT} chromium hledger\n" in told


def test_a_server_is_installed_without_being_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests want its programs; what else the machine does is none of our business."""
    system = _System(monkeypatch, user=0, missing=["mariadb-server"])
    asked: list[str] = []
    monkeypatch.setattr(system_packages, "_NO_STARTING", tmp_path / "policy-rc.d")

    def found(name: str, path: str | None = None) -> str | None:
        asked.extend(file.read_text() for file in tmp_path.iterdir())
        return None if name == "mariadbd" and "mariadb-server" in system.missing else f"/usr/bin/{name}"

    monkeypatch.setattr("shutil.which", found)
    system_packages.add_server("mariadb")

    assert system.calls == [["apt-get", "update"], ["apt-get", "install", "mariadb-server"]]
    assert asked == ["#!/bin/sh\nexit 101\n"]  # looked at when apt was looked for
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_a_user_must_install_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = _System(monkeypatch, user=1000, missing=["postgresql-15"])
    monkeypatch.setattr("shutil.which", lambda name, path=None: "/usr/bin/apt-get" if name == "apt-get" else None)
    with pytest.raises(SystemExit) as ended:
        system_packages.add_server("postgresql-15")

    assert (ended.value.code, system.calls) == (2, [])
    assert f"{_APT} postgresql-15\n" in capsys.readouterr().err


def test_pips_last_words_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("nonsense==1 \\\n    --hash=sha256:" + "0" * 63 + "\n")
    with pytest.raises(SystemExit) as ended:
        packages.install(lock, python=Path(sys.executable))

    assert "ERROR" in str(ended.value.code)
    assert "could not install requirements.lock" in capsys.readouterr().err


@pytest.mark.parametrize("lock", _LOCKS)
def test_locks_pin_hashes_and_name_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = [line for line in text.splitlines() if line[:1].isalnum()]

    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text
    assert "--index" not in text


def test_the_lock_for_tests_holds_the_one_for_running() -> None:
    pins = {lock: {line for line in (ROOT / lock).read_text().splitlines() if line[:1].isalnum()} for lock in _LOCKS}
    assert pins["requirements.lock"] <= pins["requirements-dev.lock"]
