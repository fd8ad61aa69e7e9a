"""What `bin/bench ledger` measures: posting many, posting one by one, reading, and outliving a crash."""
