"""The web application, as WSGI servers load it."""

import os

from config.launch import prepare

prepare()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the environment is made ready first

application = get_wsgi_application()
