"""The demonstration: a small software company, a winter of usage, and everything that can happen to a bill."""
