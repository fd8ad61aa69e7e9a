from django.db import migrations

from core.db.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial")]

    operations = [
        AppendOnly("contracts_plan", mutable=["name", "metadata"]),
        AppendOnly("contracts_planversion"),
        AppendOnly("contracts_price"),
        AppendOnly("contracts_subscription", mutable=["metadata"]),
        AppendOnly("contracts_amendmentrow"),
        AppendOnly("contracts_billedperiod", mutable=["first_watermark"]),
    ]
