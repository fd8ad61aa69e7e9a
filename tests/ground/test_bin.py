"""bin/ works from anywhere, and keeps what it says apart from what was asked for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from config.places import ROOT


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Another working directory, with a link to the checkout whose name has a space."""
    (tmp_path / "my daybook").symlink_to(ROOT)
    return tmp_path


def _run(command: str, *arguments: str, at: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments],
        cwd=at,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_manage_works_from_anywhere_and_prints_only_the_result(elsewhere: Path) -> None:
    (elsewhere / "manage").symlink_to("my daybook/bin/manage")
    (elsewhere / "config").mkdir()  # not to be taken for ours
    (elsewhere / "config" / "__init__.py").write_text("raise RuntimeError")
    for command in ("my daybook/bin/manage", "./manage"):
        told = _run(str(elsewhere / command), "version", at=elsewhere, PYTHONPATH=str(elsewhere))
        assert (told.returncode, told.stderr) == (0, "")
        assert told.stdout.startswith("5.2.")


@pytest.mark.parametrize("arguments", [["no_such_command"], ["check", "--no-such-option"]])
def test_wrong_usage_is_exit_code_2(elsewhere: Path, arguments: list[str]) -> None:
    unused = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DATABASE_MIGRATED": "yes"}
    told = _run(str(ROOT / "bin" / "manage"), *arguments, at=elsewhere, **unused)
    assert (told.returncode, told.stdout) == (2, "")


@pytest.mark.parametrize("name", ["", "no_such_bench", "../config/places", "__init__"])
def test_an_unknown_bench_lists_the_known_ones(elsewhere: Path, name: str) -> None:
    told = _run(str(ROOT / "bin" / "bench"), name, at=elsewhere)
    known = {f"    {file.stem}" for file in (ROOT / "bench").glob("[a-z]*.py")}

    assert (told.returncode, told.stdout) == (2, "")
    assert set(told.stderr.splitlines()[1:]) == known


def test_tests_run_on_no_unknown_database(elsewhere: Path) -> None:
    told = _run(str(ROOT / "bin" / "test"), "--database", "oracle", at=elsewhere)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "usage: bin/test [--database embedded|postgresql-15|mariadb] [PYTEST ARGUMENT...]\n"


def test_without_a_fitting_python_it_says_so(elsewhere: Path) -> None:
    """Only the shell's own tools are there, and an old Python."""
    tools = elsewhere / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname", "readlink", "cmp"):
        found = next(path for path in (Path("/bin") / tool, Path("/usr/bin") / tool) if path.exists())
        (tools / tool).symlink_to(found)
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    copy = elsewhere / "copy" / "bin"
    copy.mkdir(parents=True)
    for name in ("manage", "ground.sh"):
        (copy / name).write_bytes((ROOT / "bin" / name).read_bytes())
        (copy / name).chmod(0o755)
    told = _run(str(copy / "manage"), "version", at=elsewhere, PATH=str(tools))

    assert told.returncode == 2
    assert "no Python 3.11 to 3.14 found" in told.stderr
    assert told.stdout == ""
