"""A pytest plugin that skips vectors by their rules, counts them file by file and reports the counts.

`tests.vectors.kit` marks each vector with its file, the number of vectors in it, and the reason of the
rule that skips it, if one does. The marks travel with the reports, so that counting works under xdist.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_SEVERITY = ("passed", "skipped", "failed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "vector(file, total, reason): a number that others published (tests.vectors.kit)"
    )
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Tally(), "vector-tally")


def pytest_runtest_setup(item: pytest.Item) -> None:
    vector = item.get_closest_marker("vector")
    if vector and vector.kwargs["reason"]:
        pytest.skip(vector.kwargs["reason"])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if vector := item.get_closest_marker("vector"):
        if report.skipped and not vector.kwargs["reason"]:
            report.outcome, report.longrepr = "failed", "a vector is skipped by a registered rule, never by hand"
        report.user_properties.append(("vector", dict(vector.kwargs)))
    return report


class Tally:
    """The outcome of every vector that ran, in the process that reports to the terminal."""

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, str]] = {}
        self.reasons: dict[str, dict[str, str]] = {}
        self.totals: dict[str, int] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        vector: Any = dict(report.user_properties).get("vector")
        if vector is None or (report.when == "setup" and report.passed):
            return
        outcomes = self.outcomes.setdefault(vector["file"], {})
        outcomes[report.nodeid] = max(report.outcome, outcomes.get(report.nodeid, "passed"), key=_SEVERITY.index)
        self.totals[vector["file"]] = vector["total"]
        if outcomes[report.nodeid] == "skipped":
            self.reasons.setdefault(vector["file"], {})[report.nodeid] = vector["reason"]

    def counts(self) -> dict[str, dict[str, Any]]:
        """By file: passed, failed, skipped, and the number of skips for each reason."""
        return {
            file: {
                **{outcome: Counter(outcomes.values())[outcome] for outcome in ("passed", "failed", "skipped")},
                "reasons": dict(sorted(Counter(self.reasons.get(file, {}).values()).items())),
            }
            for file, outcomes in sorted(self.outcomes.items())
        }

    def all_skipped(self) -> list[str]:
        """Files that ran whole and checked nothing."""
        return [file for file, counts in self.counts().items() if counts["skipped"] == self.totals[file]]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for file, counts in self.counts().items():
            passed, failed, skipped = counts["passed"], counts["failed"], counts["skipped"]
            reasons = json.dumps(counts["reasons"], ensure_ascii=False)
            terminalreporter.write_line(
                f"vectors {file}: {passed} passed, {failed} failed, {skipped} skipped {reasons}"
            )
        for file in self.all_skipped():
            terminalreporter.write_line(f"every vector of {file} is skipped: the run fails", red=True)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.all_skipped() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if target := os.environ.get("VECTORS_REPORT"):
            Path(target).write_text(json.dumps(self.counts(), ensure_ascii=False), encoding="utf-8")
