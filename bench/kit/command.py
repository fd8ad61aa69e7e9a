"""The command line that benches share: which goals, how thoroughly, and where the results go."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

from bench.kit.machine import commit, machine
from bench.kit.progress import doing, tell
from bench.kit.results import FEWEST_RUNS, Result
from bench.kit.server import Server, private_server

_RUNS = 5
_QUICK = 0.02


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How thoroughly to measure: so many runs, of a size multiplied by `scale`."""

    runs: int
    scale: float

    def sized(self, full: int) -> int:
        """The size of something at this effort."""
        return max(1, round(full * self.scale))

    @property
    def quick(self) -> bool:
        return self.scale < 1


#: Measures one goal on a server that is ready for it.
Measure = Callable[[Server, Effort], Result]
#: Done once all goals are measured; raises where the server lost something.
Proof = Callable[[Server, Effort], None]


def main(bench: str, goals: Callable[[], Mapping[str, Measure]], *, named: tuple[str, ...], proof: Proof) -> int:
    """Runs the bench as the command line asks; the exit code is 0 also where a goal is not met, for that is a result.

    `goals` is called once Django is ready, and gives the measures of the goals `named`.
    """
    options = _parser(bench, named).parse_args()
    signal.signal(signal.SIGTERM, _end)
    effort = Effort(
        runs=options.runs or (FEWEST_RUNS if options.quick else _RUNS), scale=_QUICK if options.quick else 1
    )
    wanted = [name for name in named if not options.only or any(name.startswith(begin) for begin in options.only)]
    report = json.dumps(_measured(bench, goals, wanted, proof, effort), indent=2)
    print(report)
    if options.out:
        options.out.write_text(f"{report}\n", encoding="utf-8")
    return 0


def _measured(
    bench: str, goals: Callable[[], Mapping[str, Measure]], wanted: list[str], proof: Proof, effort: Effort
) -> dict[str, Any]:
    where = machine()  # before we make a load of our own
    with private_server() as server:
        with doing("preparing the database"):
            server.adopt()
        facts, measures, results = server.facts(), goals(), []
        for name in wanted:
            with doing(f"measuring {name}"):
                results.append(measures[name](server, effort))
            _tell(results[-1])
        with doing("crashing the server, and looking for what it acknowledged"):
            proof(server, effort)
        tell("all that was acknowledged is there after the crash, and the books add up")
    return {
        "bench": bench,
        "commit": commit(),
        "machine": where,
        "database": facts,
        "durable": True,
        "quick": effort.quick,
        "results": [result.as_json() for result in results],
    }


def _tell(result: Result) -> None:
    goal, figure = result.goal, median(result.product)
    outcome = "met" if result.met else "NOT met"
    if result.ratio is None:
        tell(f"{goal.name}: {figure:,.4g} {goal.unit}; at most {goal.target:g} is {outcome}")
    else:
        limit = median(result.limit)
        ratio = f"{figure:,.0f} of {limit:,.0f} {goal.unit} is {result.ratio:.3f}"
        tell(f"{goal.name}: {ratio}; at least {goal.target:g} is {outcome}")


def _parser(bench: str, named: tuple[str, ...]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"bin/bench {bench}", description=f"Goals: {', '.join(named)}.")
    parser.add_argument(
        "--only", action="append", metavar="GOAL", type=_beginning_of(named), help="those that begin so"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a fiftieth of the size: shows that it works, not how fast"
    )
    parser.add_argument(
        "--runs", type=_runs, metavar="N", help=f"of product and limit each; {_RUNS}, quickly {FEWEST_RUNS}"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the results there, too")
    return parser


def _beginning_of(named: tuple[str, ...]) -> Callable[[str], str]:
    def goal(text: str) -> str:
        if not any(name.startswith(text) for name in named):
            raise argparse.ArgumentTypeError(f"no goal begins with {text!r}")
        return text

    return goal


def _runs(text: str) -> int:
    if not text.isdecimal() or int(text) < FEWEST_RUNS:
        raise argparse.ArgumentTypeError(f"a median needs {FEWEST_RUNS} runs or more")
    return int(text)


def _end(_: int, __: FrameType | None) -> None:
    # As an exception, so that the server is removed.
    sys.exit(128 + signal.SIGTERM)
