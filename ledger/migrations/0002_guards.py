"""The database's own guards: nothing posted changes, and balances follow the transfers."""

from django.db import migrations, models

from core.db.domains import Restrict
from core.db.ledger.triggers import KeepBalances
from core.db.operations import AppendOnly


def _in_order(model: str) -> migrations.AddField:
    """The column that AppendOnly made, as the model's."""
    ordinal = models.BigIntegerField(
        db_column="arrival", editable=False, help_text="Its place in the order of recording."
    )
    return migrations.AddField(model_name=model, name="ordinal", field=ordinal)


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
        migrations.SeparateDatabaseAndState(
            state_operations=[_in_order("account"), _in_order("transfer"), _in_order("expiry")]
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["debit_account", "effective_at", "ordinal"], name="ledger_transfer_debits"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["credit_account", "effective_at", "ordinal"], name="ledger_transfer_credits"),
        ),
        KeepBalances(),
    ]
