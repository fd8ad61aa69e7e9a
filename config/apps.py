from django.apps import AppConfig


class DaybookConfig(AppConfig):
    """Connects the floors once all of them are loaded."""

    name = "config"
    label = "daybook_config"

    def ready(self) -> None:
        from config import wiring

        wiring.connect()
