"""Every setting; the only place that reads the environment."""

from pathlib import Path

import environ

from config.secret import secret_key

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config.apps.DaybookConfig",
    "core.apps.CoreConfig",
    "customers.apps.CustomersConfig",
    "ledger.apps.LedgerConfig",
    "metering.apps.MeteringConfig",
    "contracts.apps.ContractsConfig",
    "billing.apps.BillingConfig",
    "payments.apps.PaymentsConfig",
    "unfold.apps.BasicAppConfig",
    "core.console.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.access.middleware.RequestIdMiddleware",
    "core.console.middleware.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.access.middleware.OperatorTenantMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The application's role owns nothing; migrations run as the owner (config/launch.py, core/db/roles.py).
DATABASE_ROLE = env.str("DATABASE_ROLE", default="application")
# Without an address nothing is reached: never whatever server happens to run on the standard port.
_APPLICATION_URL = env.str("DATABASE_URL", default="postgres://daybook_app@127.0.0.1:1/daybook")
_OWNER_URL = env.str("DATABASE_OWNER_URL", default=_APPLICATION_URL)
DATABASES = {"default": environ.Env.db_url_config(_OWNER_URL if DATABASE_ROLE == "owner" else _APPLICATION_URL)}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Only statements that ask for it are prepared: Django's own write their values into the text.
    DATABASES["default"]["OPTIONS"] = {"application_name": "daybook", "connect_timeout": 10, "prepare_threshold": 5}
elif DATABASES["default"]["ENGINE"].endswith("mysql"):
    DATABASES["default"]["ENGINE"] = "core.db.mysql"
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 10}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONNECTION_SECONDS", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
#: Who is granted the use of the tables, when it isn't their owner.
APPLICATION_ROLE = environ.Env.db_url_config(_APPLICATION_URL).get("USER", "")
#: MariaDB and MySQL know a user only together with where it comes from.
APPLICATION_ROLE_HOST = env.str("DATABASE_APPLICATION_HOST", default="%")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing one
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)
X_FRAME_OPTIONS = "DENY"
#: The largest body that any view but ingest reads.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
SILENCED_SYSTEM_CHECKS: list[str] = []

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["core.access.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["core.access.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "core.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}

from config.settings.console import UNFOLD  # noqa: E402,F401 - how the console looks, a page of its own
