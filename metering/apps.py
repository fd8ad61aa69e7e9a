from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "metering"

    def ready(self) -> None:
        from core.db import roles
        from metering.slots import COLUMNS

        roles.restrict_update("metering_event", *COLUMNS)
        roles.restrict_update("metering_quarantine", "state", "resolved_at", "resolution")
        roles.restrict_update("metering_meter", "name", "unit", "metadata")
