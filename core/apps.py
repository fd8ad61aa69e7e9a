from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core.db import among, instants, roles  # noqa: F401 # among: registers a lookup

        post_migrate.connect(roles.grant_application, sender=self, dispatch_uid="core.grant_application")
        instants.connect()
