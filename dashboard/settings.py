"""Django's settings. What differs between installations comes from the environment, read by dashboard/env/."""

import os
import warnings
from datetime import timedelta

from csp.constants import NONE, SELF

from dashboard import env, logs
from dashboard.env.people import provider_app

ENV = env.read(os.environ)

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins
EMBEDDED = ENV.embedded
REDIS_URL = ENV.redis_url
CONNECTIONS_FILE = ENV.connections_file
BUDGET_SHARE = ENV.budget_share
CALLBACK_RESULT_LIMIT = ENV.callback_result_limit
REDACT_KEYS = ENV.redact_keys
SHARE_LINKS = ENV.share_links
SHARE_DAYS = ENV.share_days
METRICS_TOKEN = ENV.metrics_token
METRICS_PORT = ENV.metrics_port
METRICS_HOST = ENV.metrics_host
READ_ONLY = ENV.read_only
PEOPLE_WITHOUT_SCOPE = ENV.people_without_scope
LOCAL_ACCOUNTS = ENV.local_accounts
MFA_REQUIRED = ENV.mfa_required
OIDC = ENV.oidc
HISTORY = ENV.history
KEEP_DAYS = ENV.keep_days
KEEP_MB = ENV.keep_mb
PUSH_QUEUE_URL = ENV.push_queue_url
DECISIONS_DIR = ENV.decisions_dir
KEEP_ALIVE_HOURS = ENV.keep_alive_hours
PUBLIC_URL = ENV.public_url
NOTIFY_NETWORKS = ENV.notify_networks
EMAIL_READY = bool(ENV.email)
EMAIL_HOST = ENV.email.get("EMAIL_HOST", "")
EMAIL_PORT = ENV.email.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = ENV.email.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = ENV.email.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = ENV.email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = ENV.email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.email_from

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "executions",
    "dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dashboard.guard.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "dashboard.views.errors.Refusals",
]
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [env.ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.pages.shell.context",
            ],
            "builtins": ["dashboard.templatetags.durascope", "django.templatetags.static"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]

DATABASES = {"default": ENV.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "dashboard.cache.Cache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# A session belongs to the way in by which it began: switching local accounts off ends theirs.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    *(["dashboard.accounts.backends.GroupBackend"] if LOCAL_ACCOUNTS else []),
    *(["dashboard.accounts.backends.SingleSignOnBackend"] if OIDC else []),
]
# Guessing passwords and share links is slowed down: ten wrong ones for a name (or link) from one address, then a
# quarter of an hour's pause.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "locked.html"
AXES_RESET_ON_SUCCESS = AXES_USE_ATTEMPT_EXPIRATION = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
# Of allauth there is what these name, and no page that urls.py does not: nobody signs up, no mail is sent.
ACCOUNT_ADAPTER = "dashboard.accounts.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key", "reauthenticate": "10/m/user", "login": "60/m/ip"}
SOCIALACCOUNT_ADAPTER = "dashboard.accounts.adapters.SingleSignOn"
SOCIALACCOUNT_PROVIDERS = {"sso": {"APPS": [provider_app(OIDC)]}} if OIDC else {}
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
MFA_ADAPTER = "dashboard.accounts.adapters.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Durascope"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = False
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.behind_https
if ENV.behind_https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 30 * 24 * 60 * 60
# Payloads may carry URLs with secrets in them: a followed link tells other hosts nothing.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "dashboard.views.errors.csrf_failure"
# A callback's result may be 1 MB and grows when a form encodes it (each byte up to three); the other fields are short.
DATA_UPLOAD_MAX_MEMORY_SIZE = 128 * 1024 + 4 * CALLBACK_RESULT_LIMIT
IMPORT_MB = ENV.import_mb
FILE_UPLOAD_HANDLERS = [
    "dashboard.uploads.Quota",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

STATIC_URL = "/static/"
STATICFILES_DIRS = [env.ROOT / "static"]
STORAGES = {"staticfiles": {"BACKEND": "dashboard.assets.VersionedStorage"}}
# Files are served from where they stand; an image holds their compressed twins as well (see the Dockerfile).
WHITENOISE_USE_FINDERS = True
# WhiteNoise answers with files, which the ASGI handler reads in one go; they are small and browsers keep them.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 365 * 24 * 60 * 60  # every URL carries its content's hash

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"

LOGGING_CONFIG = None
logs.configure(level=ENV.log_level, style=ENV.log_format)
