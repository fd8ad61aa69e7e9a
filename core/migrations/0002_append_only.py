from django.db import migrations

from core.db.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        AppendOnly("core_auditrecord"),
        AppendOnly("core_message"),
        AppendOnly("core_seal", sealed=False),
        AppendOnly("core_sealpart", sealed=False),
    ]
