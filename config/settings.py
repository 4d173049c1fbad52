"""Settings, read from the environment; docs/configuration.md lists every name.

Secrets are also read from files: `SECRET_KEY_FILE=/run/secrets/key` and so on.
"""

from __future__ import annotations

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from config import api, assets, logs, policies, postgres

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()


def required(name: str, why: str) -> str:
    """The value of `name`, or one sentence that says what it is for."""
    value: str = env.str(name, "")
    if not value:
        message = f"{name} is not set: {why}"
        raise ImproperlyConfigured(message)
    return value


DEMO: bool = env.bool("DEMO", False)
TESTING: bool = env.bool("TESTING", False)
FAILPOINTS: str = env.str("FAILPOINTS", "") if TESTING else ""
DEBUG = False
SECRET_KEY = required("SECRET_KEY", "sessions and signed links need a long random string.")
FIELD_ENCRYPTION_KEYS: list[str] = [
    key.strip()
    for key in required(
        "FIELD_ENCRYPTION_KEYS",
        "connection secrets are encrypted at rest with Fernet keys, the first one encrypts.",
    ).split(",")
    if key.strip()
]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
PUBLIC_URL: str = env.str("PUBLIC_URL", "").rstrip("/")
CSRF_TRUSTED_ORIGINS: list[str] = env.list(
    "CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL] if PUBLIC_URL else []
)
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / ".data")))

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "csp",
    "django_celery_results",
    "django_htmx",
    "django_prometheus",
    "drf_spectacular",
    "knox",
    "rest_framework",
    "locking",
    "messaging",
    "outbound",
    "alerts",
    "inbox",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "inbox.languages.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Postgres -------------------------------------------------------------------------------
DATABASE_URL = required("DATABASE_URL", "give the address of a Postgres 14 or newer.")
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].update(ENGINE="django.db.backends.postgresql", CONN_HEALTH_CHECKS=True)
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].update(postgres.OPTIONS)
# The pool is a class-level dict that does not survive fork(), so only the web process has one;
# workers keep one connection a process instead (docs/decisions/0004-granian-beside-daphne.md).
if env.bool("DATABASE_POOL", False):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 12, "timeout": 5}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: broker, live updates, limits. Nothing that matters is decided in it. --------------
REDIS_URL: str = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": 1, "socket_connect_timeout": 1}]
        },
    },
}

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = "django-db"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXTENDED = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "background"
# A worker without -Q serves all three.
CELERY_TASK_QUEUES = [Queue("inbound"), Queue("send"), Queue("background")]
# Tasks share their process's connection; config/celery.py has it checked before each.
CELERY_DB_REUSE_MAX = 1000
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_connect_timeout": 0.5,
    "socket_keepalive": True,
    "retry_on_timeout": False,
    "health_check_interval": 10,
}
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "inbox.tasks.sweep_leftovers", "schedule": 10.0},
    "watch": {"task": "alerts.tasks.watch", "schedule": 30.0},
    "purge leases": {"task": "locking.tasks.purge_expired_leases", "schedule": 3600.0},
    "prune bodies": {"task": "messaging.tasks.prune_bodies", "schedule": 3600.0},
    "sync templates": {"task": "outbound.tasks.sync_due_templates", "schedule": 60.0},
    "sweep files": {"task": "messaging.tasks.sweep_orphaned_files", "schedule": 3600.0},
    "sweep uploads": {"task": "outbound.tasks.sweep_unused_uploads", "schedule": 3600.0},
}

# --- Who may come in --------------------------------------------------------------------------
AUTH_USER_MODEL = "messaging.User"
AUTHENTICATION_BACKENDS = ["inbox.logins.Accounts"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "inbox:login"
LOGIN_REDIRECT_URL = "inbox:conversation-list"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "inbox.views.errors.csrf_failure"
LOGIN_ATTEMPTS_PER_ADDRESS: int = env.int("LOGIN_ATTEMPTS_PER_ADDRESS", 30)
LOGIN_ATTEMPTS_PER_ACCOUNT: int = env.int("LOGIN_ATTEMPTS_PER_ACCOUNT", 5)
LOGIN_ATTEMPTS_WINDOW_SECONDS: int = env.int("LOGIN_ATTEMPTS_WINDOW_SECONDS", 300)
TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", 0)

# --- Transport and headers: secure unless this is a demo or PUBLIC_URL says plain http ---------
SECURE = not DEMO and not TESTING and not PUBLIC_URL.startswith("http://")
SECURE_SSL_REDIRECT: bool = env.bool("SECURE_SSL_REDIRECT", SECURE)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^webhooks/", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS: int = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CONTENT_SECURITY_POLICY = policies.CONTENT_SECURITY_POLICY
PERMISSIONS_POLICY = policies.PERMISSIONS_POLICY
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

# --- Platform ---------------------------------------------------------------------------------
GRAPH_API_URL: str = env.str("GRAPH_API_URL", "https://graph.facebook.com").rstrip("/")
GRAPH_API_VERSION: str = env.str("WHATSAPP_API_VERSION", "v25.0")
WEBHOOK_TIMEOUT: float = env.float("WEBHOOK_TIMEOUT", 2.0)
WEBHOOK_UNSIGNED_RATE: float = env.float("WEBHOOK_UNSIGNED_RATE", 10.0)
SPOOL_DIR: str = env.str("SPOOL_DIR", "")
SPOOL_MAX_BYTES: int = env.int("SPOOL_MAX_BYTES", 1_000_000_000)
PROCESSING_RETRY_DELAYS: list[float] = env.list("PROCESSING_RETRY_DELAYS", float, [1, 5, 15])
PROCESSING_MAX_ATTEMPTS: int = env.int("PROCESSING_MAX_ATTEMPTS", 3)
BODY_RETENTION_DAYS: int = env.int("BODY_RETENTION_DAYS", 90)
SEND_RETRY_DELAYS: list[float] = env.list("SEND_RETRY_DELAYS", float, [2, 4, 8, 16, 30])
SEND_MAX_ATTEMPTS: int = env.int("SEND_MAX_ATTEMPTS", 5)
SEND_JOURNAL_DIR: str = env.str("SEND_JOURNAL_DIR", str(DATA_DIR / "journal"))
RETRY_CODES: list[int] = env.list("RETRY_CODES", int, [])
# Seconds after which a message is not worth sending any more, by what it is for.
SEND_DEADLINES: dict[str, float] = {
    "service": env.float("SEND_DEADLINE_SERVICE", 900),
    "utility": env.float("SEND_DEADLINE_UTILITY", 3600),
    "authentication": env.float("SEND_DEADLINE_AUTHENTICATION", 300),
    "marketing": env.float("SEND_DEADLINE_MARKETING", 86_400),
}
BREAKER_FAILURES: int = env.int("BREAKER_FAILURES", 10)
BREAKER_WINDOW_SECONDS: float = env.float("BREAKER_WINDOW_SECONDS", 30)
BREAKER_OPEN_SECONDS: float = env.float("BREAKER_OPEN_SECONDS", 30)
DLQ_RETRY_RATE: float = env.float("DLQ_RETRY_RATE", 10)
CONSENT_POLICY: str = env.str("CONSENT_POLICY", "templates")
if CONSENT_POLICY not in {"every_message", "templates", "marketing"}:
    message = "CONSENT_POLICY is none of every_message, templates, marketing."
    raise ImproperlyConfigured(message)
LEASE_SECONDS: int = env.int("LEASE_SECONDS", 30)
LEASE_HEARTBEAT_SECONDS: int = env.int("LEASE_HEARTBEAT_SECONDS", 10)
UNDO_SECONDS: float = env.float("UNDO_SECONDS", 5)

# --- Mail and alerts --------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "inbox@localhost")

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = api.REST_FRAMEWORK
REST_KNOX = api.REST_KNOX
SPECTACULAR_SETTINGS = api.SPECTACULAR_SETTINGS
METRICS_TOKEN: str = env.str("METRICS_TOKEN", "")
METRICS_ALLOWED_ADDRESSES: list[str] = env.list(
    "METRICS_ALLOWED_ADDRESSES", default=["127.0.0.1", "::1"]
)
PROMETHEUS_EXPORT_MIGRATIONS = False

# --- Language, time, files --------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Their names in themselves, as everybody looks for their own.
LANGUAGES = [("en", "English"), ("es", "Español"), ("pt", "Português"), ("ar", "العربية")]
# One catalogue for the whole house, before those of Django and its apps.
LOCALE_PATHS = [BASE_DIR / "inbox" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
# The packages are those whose own files the pages and the admin site use.
STATIC_VERSION = assets.version_of(BASE_DIR / "static", ["django", "django-htmx"])
STATIC_URL = f"static/{STATIC_VERSION}/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False
SERVESTATIC_ADD_HEADERS_FUNCTION = assets.keep
MEDIA_ROOT: str = env.str("MEDIA_ROOT", str(DATA_DIR / "media"))
MEDIA_S3_BUCKET: str = env.str("MEDIA_S3_BUCKET", "")
S3_STORAGE = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": MEDIA_S3_BUCKET,
        "endpoint_url": env.str("MEDIA_S3_ENDPOINT", "") or None,
        "region_name": env.str("MEDIA_S3_REGION", "") or None,
        "access_key": env.str("MEDIA_S3_ACCESS_KEY", "") or None,
        "secret_key": env.str("MEDIA_S3_SECRET_KEY", "") or None,
        "default_acl": None,
    },
}
STORAGES = {
    "default": S3_STORAGE
    if MEDIA_S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO").upper()
LOG_FORMAT: str = env.str("LOG_FORMAT", "console")
LOGGING = logs.settings(level=LOG_LEVEL, formatter=LOG_FORMAT)
os.environ.setdefault("PROMETHEUS_DISABLE_CREATED_SERIES", "True")
