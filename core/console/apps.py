from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AdminConfig):
    """Django's admin with our site in its place, and each app's operators.py for what it adds to pages."""

    default_site = "core.console.site.ConsoleSite"

    def ready(self) -> None:
        super().ready()
        autodiscover_modules("operators")
