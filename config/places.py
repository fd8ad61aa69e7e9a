"""Where things are, whatever the caller's working directory."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Everything that running writes: never committed, safe to delete as a whole after bin/stop.
VAR = ROOT / "var"
