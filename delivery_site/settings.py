"""All settings, read from the environment (or a `.env` file beside manage.py). No variable is required.

Without `DATABASE_URL` and `REDIS_URL` everything runs in one process on SQLite. Each variable is explained in
docs/settings.md.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from environs import Env
from kombu import Queue
from psycopg_pool import ConnectionPool

from api.logs import logging_config
from delivery_site import admin_site
from delivery_site.email import email_from
from delivery_site.openapi import OPENAPI
from delivery_site.secrets import refuse_unsafe_production, signing_key
from notifications.languages import LANGUAGES as NOTIFICATION_LANGUAGES

# Forms and Admin classes can be parametrised at run time as their types are (`ModelForm[User]`).
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(env.str("ENV_FILE", str(BASE_DIR / ".env")), recurse=False)

PRODUCTION = env.bool("PRODUCTION", False)
DEBUG = env.bool("DEBUG", False)
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = env.str("SECRET_KEY", "") or signing_key("secret-key", folder=VAR_DIR, production=PRODUCTION)
JWT_SIGNING_KEY = env.str("JWT_SIGNING_KEY", "") or signing_key("jwt-key", folder=VAR_DIR, production=PRODUCTION)
SIMULATED_PROVIDER_SECRET = env.str("SIMULATED_PROVIDER_SECRET", "") or signing_key(
    "simulated-provider-key", folder=VAR_DIR, production=PRODUCTION
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
# Where this installation reaches itself: the simulated provider's webhooks go there.
INTERNAL_URL = env.str("INTERNAL_URL", env.str("PUBLIC_URL", "")).rstrip("/")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "api",
    "accounts",
    "events",
    "catalog",
    "orders",
    "payments",
    "couriers",
    "notifications",
    "tracking",
    "operations",
]

MIDDLEWARE = [
    "api.request_ids.RequestIdMiddleware",
    "api.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "operations.serving.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "delivery_site.urls"
WSGI_APPLICATION = "delivery_site.wsgi.application"
ASGI_APPLICATION = "delivery_site.asgi.application"
APPEND_SLASH = False

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
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", "")
LOCK_TIMEOUT_MS = env.int("LOCK_TIMEOUT_MS", 5_000)
# Those of api/prepared.py.
DATABASE_PREPARE_STATEMENTS = env.bool("DATABASE_PREPARE_STATEMENTS", True)


def _sqlite() -> dict[str, Any]:
    """IMMEDIATE takes the write lock at BEGIN: read-then-write transactions queue up instead of failing."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    named = dj_database_url.parse(url, engine="api.postgresql", conn_max_age=0)
    return {
        **named,
        "OPTIONS": {
            # So that a server that has gone without a word is known to be gone (api/postgresql), and nothing in between
            # forgets a connection that rests.
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            **named.get("OPTIONS", {}),
            "options": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000",
            "pool": {
                "min_size": env.int("DATABASE_POOL_MIN_SIZE", 2),
                "max_size": env.int("DATABASE_POOL_MAX_SIZE", 20),
                "timeout": env.int("DATABASE_POOL_TIMEOUT_SECONDS", 10),
                # Its pauses double for as long as it keeps trying: giving up soon and beginning anew finds a database
                # that is back within two seconds, however long it was away, for those too who wait already.
                "reconnect_timeout": 5,
                "reconnect_failed": ConnectionPool.check,
            },
        },
    }


DATABASES = {"default": _postgresql(DATABASE_URL) if DATABASE_URL else _sqlite()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache and Celery -------------------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", "")
REDIS_TIMEOUT_SECONDS = env.float("REDIS_TIMEOUT_SECONDS", 1.0)

CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": REDIS_TIMEOUT_SECONDS, "socket_timeout": REDIS_TIMEOUT_SECONDS},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT = "delivery_site.broker:Transport" if REDIS_URL else "memory"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 600,
        "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
        # Above the second for which a worker lets Redis wait for a message.
        "socket_timeout": 3.0,
        # Who wakes a worker does not wait for a broker that is away: the sweep finds the work.
        "max_retries": 0,
    }
    if REDIS_URL
    else {"polling_interval": 0.05}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For ever: a worker or a beat that gave up would have to be started by hand.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Each kind of work waits in a queue of its own, so that a receiver that hangs holds up nothing but other webhooks.
QUEUES = ("relay", "webhooks", "notifications", "default")
CELERY_TASK_QUEUES = [Queue(name, routing_key=name) for name in QUEUES]
CELERY_TASK_ROUTES = {
    "events.relay": {"queue": "relay"},
    "events.send_webhooks": {"queue": "webhooks"},
    "notifications.*": {"queue": "notifications"},
}
CELERY_TASK_DEFAULT_QUEUE = "default"
# A queue that nobody made is a mistake, and nobody would listen to it.
CELERY_TASK_CREATE_MISSING_QUEUES = False
# Tasks wait for the database and for HTTP, each with a timeout of its own. Forked workers would each need a pool of
# connections, which Celery closes after every task; and there are none on Windows.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 8
# Above it a worker ends between two tasks, to be started again; 0 is no limit.
WORKER_MEMORY_LIMIT_MB = env.int("WORKER_MEMORY_LIMIT_MB", 512)
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "operations.serving.schedule:ScheduleInMemory"

# Wake-ups at commit do the work at once; these sweeps find what a lost wake-up left behind.
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 2.0)
MATCHING_SECONDS = env.float("MATCHING_SECONDS", 5.0)
CELERY_BEAT_SCHEDULE = {
    "relay events": {"task": "events.relay", "schedule": SWEEP_SECONDS},
    "send webhooks": {"task": "events.send_webhooks", "schedule": SWEEP_SECONDS},
    "submit payments and refunds": {"task": "payments.submit_due", "schedule": SWEEP_SECONDS},
    "send simulated provider callbacks": {"task": "payments.send_due_callbacks", "schedule": SWEEP_SECONDS},
    "expire unpaid orders": {"task": "orders.expire_due", "schedule": SWEEP_SECONDS},
    "report orders without courier": {"task": "couriers.report_waiting_orders", "schedule": SWEEP_SECONDS},
    "expire offers": {"task": "couriers.expire_offers", "schedule": SWEEP_SECONDS},
    "offer waiting orders": {"task": "couriers.match_waiting", "schedule": MATCHING_SECONDS},
    "purge old matching decisions": {"task": "couriers.purge_decisions", "schedule": 600.0},
    "purge idempotency keys": {"task": "api.purge_idempotency_keys", "schedule": 3600.0},
    "purge refresh tokens": {"task": "accounts.purge_tokens", "schedule": 3600.0},
    "anonymise finished orders": {"task": "orders.anonymise_due", "schedule": 3600.0},
    "remove old events": {"task": "events.remove_old", "schedule": 3600.0},
    "purge old positions": {"task": "couriers.purge_positions", "schedule": 600.0},
    "send notifications": {"task": "notifications.send_due", "schedule": SWEEP_SECONDS},
    "purge old notifications": {"task": "notifications.purge", "schedule": 3600.0},
    # Whether or not there is an engine now: there may have been one.
    "forget routes": {"task": "tracking.forget_routes", "schedule": 60.0},
}

# --- Accounts and API -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/api/v2/"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ScopedJWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.HasRequiredScope"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "api.browsable.BrowsableRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "api.openapi.schema.ApiSchema",
    "EXCEPTION_HANDLER": "api.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

ACCESS_TOKEN_SECONDS = env.int("ACCESS_TOKEN_SECONDS", 600)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=ACCESS_TOKEN_SECONDS),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.int("REFRESH_TOKEN_DAYS", 14)),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "ALGORITHM": "HS256",
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
    "UPDATE_LAST_LOGIN": False,
}

IDEMPOTENCY_KEY_DAYS = env.int("IDEMPOTENCY_KEY_DAYS", 7)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("MAX_BODY_BYTES", 262_144)
V1_DEPRECATED_AT = "2026-11-01T00:00:00Z"
V1_SUNSET_AT = "2027-11-01T00:00:00Z"

SPECTACULAR_SETTINGS = OPENAPI

# --- The business -----------------------------------------------------------------------------------------------------

ORDER_EXPIRY_SECONDS = env.float("ORDER_EXPIRY_SECONDS", 15 * 60)
# From when on staff have to look: the event `order.courier_not_found`, and the Admin page of what is stuck.
COURIER_NOT_FOUND_SECONDS = env.float("COURIER_NOT_FOUND_SECONDS", 10 * 60)
CONFIRMATION_OVERDUE_SECONDS = env.float("CONFIRMATION_OVERDUE_SECONDS", 10 * 60)
MONEY_OVERDUE_SECONDS = env.float("MONEY_OVERDUE_SECONDS", 2 * 60)
ANONYMISE_AFTER_DAYS = env.int("ANONYMISE_AFTER_DAYS", 30)
# How long after an order's end its tracking link still shows it.
TRACKING_LINK_DAYS = env.int("TRACKING_LINK_DAYS", 7)
OFFER_SECONDS = env.int("OFFER_SECONDS", 60)
OFFER_AGAIN_SECONDS = env.int("OFFER_AGAIN_SECONDS", 300)
# At a counter or a door, in times of arrival; the recorded days in benchmarks/README.md have four minutes.
HANDOVER_SECONDS = env.float("HANDOVER_SECONDS", 240)
DELIVERY_TARGET_MINUTES = env.int("DELIVERY_TARGET_MINUTES", 45)
# A function from couriers.matching.situation.Situation to couriers.matching.plan.Plan.
MATCHING_ENGINE = env.str("MATCHING_ENGINE", "couriers.matching.together.match")
MATCHING_RETENTION_DAYS = env.int("MATCHING_RETENTION_DAYS", 30)
POSITION_MAX_AGE_HOURS = env.int("POSITION_MAX_AGE_HOURS", 24)
POSITION_RETENTION_DAYS = env.int("POSITION_RETENTION_DAYS", 30)
EVENT_LEASE_SECONDS = env.int("EVENT_LEASE_SECONDS", 30)
EVENT_RETENTION_DAYS = env.int("EVENT_RETENTION_DAYS", 90)
EVENT_DELIVERY_RETENTION_DAYS = env.int("EVENT_DELIVERY_RETENTION_DAYS", 30)
PROVIDER_LEASE_SECONDS = env.int("PROVIDER_LEASE_SECONDS", 30)
# How long after an order's expiry the simulated provider reports a `tok_late` payment.
SIMULATED_LATE_SECONDS = env.float("SIMULATED_LATE_SECONDS", 5.0)

# --- Notifications ----------------------------------------------------------------------------------------------------

_EMAIL = email_from(env.str("EMAIL_URL", ""), default_folder=VAR_DIR / "mail")
EMAIL_BACKEND = _EMAIL.backend
EMAIL_HOST, EMAIL_PORT = _EMAIL.host, _EMAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _EMAIL.user, _EMAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _EMAIL.use_tls, _EMAIL.use_ssl
EMAIL_FILE_PATH = _EMAIL.folder
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", 10)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", "Delivery platform <delivery@localhost>")
SMS_PROVIDER = env.str("SMS_PROVIDER", "notifications.channels.sms.RecordingProvider")
NOTIFICATION_LANGUAGE = env.str("NOTIFICATION_LANGUAGE", "en")
# Longer than a message can take: connecting, greeting and handing over each have EMAIL_TIMEOUT_SECONDS.
NOTIFICATION_LEASE_SECONDS = env.int("NOTIFICATION_LEASE_SECONDS", 60)
NOTIFICATION_MAX_AGE_HOURS = env.float("NOTIFICATION_MAX_AGE_HOURS", 24)
NOTIFICATION_RETENTION_DAYS = env.int("NOTIFICATION_RETENTION_DAYS", 90)

# --- Webhooks out -----------------------------------------------------------------------------------------------------

# How many requests may be under way to one endpoint at a time, over all workers.
WEBHOOK_CONCURRENCY = env.int("WEBHOOK_CONCURRENCY", 10)
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", 15)
WEBHOOK_RETRY_SECONDS: list[float] = env.list(
    "WEBHOOK_RETRY_SECONDS", [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400], subcast=float
)
WEBHOOK_DISABLE_AFTER_SECONDS = env.float("WEBHOOK_DISABLE_AFTER_SECONDS", 5 * 86_400)
WEBHOOK_ENDPOINTS_PER_OWNER = env.int("WEBHOOK_ENDPOINTS_PER_OWNER", 20)
WEBHOOK_ALLOW_PRIVATE_ADDRESSES = env.bool("WEBHOOK_ALLOW_PRIVATE_ADDRESSES", False)

# --- Pages ------------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = NOTIFICATION_LANGUAGES
# Where `make messages` keeps what it finds in templates too; the site itself speaks English.
LOCALE_PATHS = [BASE_DIR / "notifications" / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# The pictures under the maps, of which `catalog.map_tiles` says more; without, maps are a plain grid.
MAP_TILE_URL = env.str("MAP_TILE_URL", "")
MAP_TILE_ATTRIBUTION = env.str("MAP_TILE_ATTRIBUTION", "")

# Who knows the roads (`tracking.roads`); without, the straight line is gone by.
ROUTING_ENGINE = env.str("ROUTING_ENGINE", "")
ROUTING_URL = env.str("ROUTING_URL", "")
ROUTING_TIMEOUT_SECONDS = env.float("ROUTING_TIMEOUT_SECONDS", 2.0)
if ROUTING_ENGINE:
    CELERY_BEAT_SCHEDULE["find routes"] = {"task": "tracking.find_routes", "schedule": SWEEP_SECONDS}

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
# Serves straight from the apps and packages, so no collectstatic step stands between a clone and a styled page.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31_536_000 if PRODUCTION else 0)
# Subdomains and the browsers' preload list are the domain owner's to decide, not one site's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", PRODUCTION)
# Signed, and called by its internal address, which speaks plain HTTP behind a proxy.
SECURE_REDIRECT_EXEMPT = [r"^api/v2/payments/webhooks/", r"^health"]
CSRF_FAILURE_VIEW = "api.error_pages.csrf_failure"

LOGGING = logging_config(
    service_name=env.str("SERVICE_NAME", "delivery"),
    level=env.str("LOG_LEVEL", "INFO"),
    fmt=env.str("LOG_FORMAT", "json"),
)

UNFOLD = admin_site.UNFOLD

refuse_unsafe_production(
    production=PRODUCTION,
    debug=DEBUG,
    secrets={
        "SECRET_KEY": SECRET_KEY,
        "JWT_SIGNING_KEY": JWT_SIGNING_KEY,
        "SIMULATED_PROVIDER_SECRET": SIMULATED_PROVIDER_SECRET,
    },
    allowed_hosts=ALLOWED_HOSTS,
    private_webhooks=WEBHOOK_ALLOW_PRIVATE_ADDRESSES,
)
