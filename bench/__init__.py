"""Measurements: `bin/bench NAME`, where each NAME is a file here. The kit they share is in `kit/`."""
