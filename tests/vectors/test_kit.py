"""The counting of vectors, seen from outside: a run of pytest over a file of vectors of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.vectors import kit

ROOT = Path(__file__).parents[2]

MODULE = """
    import pytest
    from tests.vectors.kit import Rule, cases

    RULES = [Rule("no thirds", lambda case: case["answer"] == "third"), Rule("never", lambda case: "id" in case)]

    @cases("sample", rules=RULES)
    def test_sample(case):
        if case["answer"] == "by hand":
            pytest.skip("not today")
        assert case["answer"] == "right"
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run the module over vectors with these answers; the answer is how pytest ended."""

    def run(*answers: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        vectors = [{"id": f"v-{i}", "source": "a/b:c#d", "answer": answer} for i, answer in enumerate(answers)]
        (tmp_path / "sample.json").write_text(json.dumps({"cases": vectors}))
        (tmp_path / "test_sample.py").write_text(dedent(MODULE))
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p tests.support.vectors\n")
        environ = {"VECTORS_DIR": str(tmp_path), "VECTORS_REPORT": str(tmp_path / "report.json")}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider", *options]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, **environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_line_and_a_report_for_each_file(run, tmp_path, options):
    """Counts are the same in one process and in several, on the terminal and in the report."""
    ended = run("right", "right", "wrong", "third", "third", options=options)

    assert 'vectors sample: 2 passed, 1 failed, 2 skipped {"no thirds": 2}' in ended.stdout.splitlines()
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "sample": {"passed": 2, "failed": 1, "skipped": 2, "reasons": {"no thirds": 2}}
    }


def test_a_file_that_checks_nothing_fails_the_run(run):
    """All skipped is a failure; one vector that passes is enough."""
    assert run("third", "third").returncode == 1
    assert run("third", "right").returncode == 0


def test_one_skipped_vector_may_be_run_alone(run):
    """Selecting a vector that a rule skips isn't a file of skips."""
    assert run("third", "right", options=("-k", "v-0")).returncode == 0


def test_skipping_by_hand_is_a_failure(run):
    """Only registered rules skip."""
    ended = run("right", "by hand")

    assert ended.returncode == 1
    assert "vectors sample: 1 passed, 1 failed, 0 skipped {}" in ended.stdout.splitlines()


@pytest.mark.parametrize("answers", [(), ("twice", "twice")], ids=["none", "one id twice"])
def test_a_file_without_vectors_or_with_one_id_twice_is_refused(tmp_path, answers, monkeypatch):
    """Nothing passes by being lost."""
    vectors = [{"id": "v", "source": "a/b", "answer": answer} for answer in answers]
    (tmp_path / "sample.json").write_text(json.dumps({"cases": vectors}))
    monkeypatch.setenv("VECTORS_DIR", str(tmp_path))

    with pytest.raises(ValueError, match="no vectors"):
        kit.load("sample")
