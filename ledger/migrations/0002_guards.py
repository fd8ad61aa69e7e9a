"""The database's own guards: nothing posted changes, and balances follow the transfers."""

from django.db import migrations

from core.db.ledger_triggers import KeepBalances
from core.db.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        AppendOnly("ledger_transfer"),
        AppendOnly(
            "ledger_account",
            mutable=["debits_pending", "debits_posted", "credits_pending", "credits_posted", "closed"],
        ),
        AppendOnly("ledger_pending", mutable=["state", "resolved_by", "resolved_at"]),
        AppendOnly("ledger_expiry"),
        AppendOnly("ledger_failedtransfer"),
        AppendOnly("ledger_accountingperiod", mutable=["state", "reason", "changed_at"]),
        KeepBalances(),
    ]
