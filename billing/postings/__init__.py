"""Each billing fact as entries in the ledger (blueprint §8, billing rules §6 and §7). Pure."""
