"""The database's own guards: nothing posted changes, and balances follow the transfers."""

from django.db import migrations

from core.db.domains import Restrict
from core.db.ledger.triggers import KeepBalances
from core.db.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        Restrict(
            "ledger_account",
            {
                "code": "uint16_not_zero",
                "ledger": "uint32_not_zero",
                "flags": "ledger_account_flags",
                "user_data_64": "uint64",
                "user_data_32": "uint32",
                **dict.fromkeys(["debits_pending", "debits_posted", "credits_pending", "credits_posted"], "uint128_sum"),
            },
        ),
        Restrict(
            "ledger_transfer",
            {
                "id": "ledger_id",
                "amount": "uint128",
                "code": "uint16_not_zero",
                "user_data_64": "uint64",
                "user_data_32": "uint32",
            },
        ),
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
