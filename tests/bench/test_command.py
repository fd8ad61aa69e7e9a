"""What a bench understands, and what it refuses before it starts a server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.kit.command import Effort
from config.places import ROOT


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "bench.ledger", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_quick_run_is_smaller_and_never_nothing() -> None:
    quick = Effort(runs=3, scale=0.02)

    assert [quick.sized(100_000), quick.sized(1)] == [2_000, 1]
    assert (quick.quick, Effort(runs=5, scale=1).quick) == (True, False)


def test_help_names_the_goals() -> None:
    told = _bench("--help")

    assert told.returncode == 0
    assert "P13 plain, P13 ordered, P14a, P14b, trial balance, statement page" in " ".join(told.stdout.split())


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["--only", "P99"], "no goal begins with 'P99'"),
        (["--runs", "2"], "a median needs 3 runs"),
        (["--runs", "many"], "a median needs 3 runs"),
        (["--slowly"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_is_refused_at_once(arguments: list[str], word: str) -> None:
    """With exit code 2, and nothing on standard output."""
    told = _bench(*arguments)

    assert (told.returncode, told.stdout) == (2, "")
    assert word in told.stderr
