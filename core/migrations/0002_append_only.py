from django.db import migrations

from core.db.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        AppendOnly("core_tenant", mutable=["name", "clock_at", "time_zone", "metadata"], sealed=False),
        AppendOnly("core_apikey", mutable=["revoked_at"]),
        AppendOnly("core_auditrecord"),
        AppendOnly("core_message"),
        AppendOnly("core_seal", sealed=False),
        AppendOnly("core_sealpart", sealed=False),
    ]
