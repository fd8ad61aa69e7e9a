"""The numbers of batches, and what the database itself refuses to change."""

from django.db import migrations

from core.db.operations import AppendOnly
from core.db.sequence import Sequence


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]

    operations = [
        Sequence("metering_batch_number"),
        AppendOnly("metering_batch"),
        AppendOnly("metering_event", mutable=[f"{kind}{i}" for kind in "nt" for i in range(1, 9)]),
        AppendOnly("metering_void"),
        AppendOnly("metering_slot"),
        AppendOnly("metering_finding"),
        AppendOnly("metering_meter", mutable=["name", "unit", "metadata"]),
        AppendOnly("metering_quarantine", mutable=["state", "resolved_at", "resolution"]),
    ]
