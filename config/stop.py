"""Stops what bin/ started for this checkout: python -m config.stop."""

from __future__ import annotations

import sys

from config import processes
from config.embedded import Cluster, ClusterError
from config.places import VAR
from config.with_database import remove_forgotten


def main() -> int:
    """Says on standard error what was stopped; 1 where something could not be."""
    stopped = processes.end_known()
    try:
        remove_forgotten()
        for folder in sorted((VAR / "clusters").glob("*")):
            cluster = Cluster(folder.name)
            if folder.name.startswith("throwaway-"):
                print("daybook: bin/test is running; its database ends with it", file=sys.stderr)
            elif cluster.stop():
                stopped.append(f"database {folder.name}")
    except ClusterError as error:
        print(f"daybook: {error}", file=sys.stderr)
        return 1
    print(f"daybook: stopped {', '.join(stopped)}" if stopped else "daybook: nothing was running", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
