"""When what was charged is earned (IFRS 15, billing rules §7)."""
