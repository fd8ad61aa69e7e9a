from django.db import migrations

from core.db.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        AppendOnly("billing_chargekeyrow"),
        AppendOnly("billing_charge"),
        AppendOnly("billing_claim"),
        AppendOnly("billing_invoiceline"),
        AppendOnly("billing_rendition", personal=["content"]),
        AppendOnly("billing_run", mutable=["state", "booked", "finished_at"]),
        AppendOnly("billing_cutoff", mutable=["outcome", "invoice_id"]),
        AppendOnly("billing_invoice", mutable=["state", "voided_as", "void_reason"]),
    ]
