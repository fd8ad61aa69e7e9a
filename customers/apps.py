from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from core.db import roles

        # Locking a subject's row needs the right to update some column; a trigger refuses this one's change too.
        roles.restrict_update("customers_subject", "name")
