"""What empty lists tell operators to do."""

BILL_FIRST = "Run a bill first: bin/manage bill --tenant … --through DAY"
