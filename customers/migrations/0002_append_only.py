from django.db import migrations

from core.db.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        AppendOnly("customers_customer", mutable=["kind", "time_zone", "locale", "terms_days", "metadata"]),
        AppendOnly("customers_subject"),
        AppendOnly("customers_mark"),
        AppendOnly("customers_billto"),
        AppendOnly("customers_frozenparty", personal=["salt", "body"]),
        AppendOnly("customers_claim", mutable=["to_at", "released_fact"]),
    ]
