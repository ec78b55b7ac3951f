"""Django's settings, made from the environment."""

from typing import Any

from csp.constants import NONE, SELF
from django.utils.functional import SimpleLazyObject
from psycopg.conninfo import conninfo_to_dict

from nightbell.channels.email.settings import MailSettings
from nightbell.conf import env
from nightbell.data import secrets

NIGHTBELL = env.read()


def _database(url: str) -> dict[str, Any]:
    """One connection per thread, kept, checked after idling; a partition or a lost server is noticed within seconds."""
    given = conninfo_to_dict(url)
    place = {name: given.pop(name.lower(), "") for name in ("HOST", "PORT", "USER", "PASSWORD")}
    limits = "-c statement_timeout=30s -c idle_in_transaction_session_timeout=30s -c lock_timeout=10s"
    # For what `data/prepared.py` prepares, whose best plan depends on nothing asked: planned once, and not six times.
    plans = "-c plan_cache_mode=force_generic_plan"
    options = {
        # After a failover a server that only reads still answers: it is no place to page from.
        "target_session_attrs": "read-write",
        "connect_timeout": 3,
        "tcp_user_timeout": 4000,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "application_name": "nightbell",
        **given,
        "options": f"{given.get('options', '')} {limits} {plans}".strip(),
    }
    name = options.pop("dbname", "nightbell")
    return {
        "ENGINE": "nightbell.data.postgresql",
        "NAME": name,
        **place,
        "OPTIONS": options,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "TEST": {"NAME": f"{name}_test"},
    }


# Without an address the command line starts or finds the embedded server and names it here before Django is loaded.
DATABASES = {"default": _database(NIGHTBELL.database_url or "postgresql:///nightbell")}
# Mail addresses are unique without case, by an index on lower(email) that the check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = SimpleLazyObject(secrets.signing_key)
DEBUG = False
ALLOWED_HOSTS = NIGHTBELL.hosts

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    # Before allauth, whose templates they replace.
    "nightbell.accounts",
    "nightbell.web",
    "allauth",
    "allauth.account",
    "ninja",
    "nightbell.data",
]

MIDDLEWARE = [
    "nightbell.web.health.HealthMiddleware",
    "nightbell.web.head.HeadMiddleware",
    "nightbell.api.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "nightbell.conf.urls"
WSGI_APPLICATION = "nightbell.conf.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

AUTH_USER_MODEL = "nightbell.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "nightbell.accounts.passwords.GuessedFirst"},
]
ACCOUNT_ADAPTER = "nightbell.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_FORMS = {"reset_password": "nightbell.accounts.forms.ForgottenPassword"}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "nightbell.data.access.one_time.OneTime"  # noqa: S105 -- a class
ACCOUNT_SESSION_REMEMBER = True
# By the network and by the account, but on a device that signed in before by that device alone. A form that is sent is
# no attempt: a count of all of them by network would lock out those who share one with somebody who guesses.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "10/m/ip,5/5m/key",
    "login_on_known_device": "10/5m/key",
}
# What those limits count is the same in every process.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "rate_limit",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = NIGHTBELL.cookie("session"), NIGHTBELL.cookie("csrf")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = NIGHTBELL.https
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
# In the session, and in no cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "nightbell.conf.refusals.forged"
# Only for this host: others of the domain may not be ours.
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if NIGHTBELL.https else 0
CSRF_TRUSTED_ORIGINS = [NIGHTBELL.url]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NIGHTBELL.https else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# A body over the limit is refused whole; the number is the contract's.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# No form of ours has a file.
FILE_UPLOAD_HANDLERS = ["nightbell.web.uploads.NoFiles"]

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

DEFAULT_FROM_EMAIL = NIGHTBELL.of(MailSettings).mail_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "nightbell.conf.logs.Line", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": NIGHTBELL.log_level},
}
