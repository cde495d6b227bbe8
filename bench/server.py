"""The app as an ASGI application with the "hello" URL added, and without worker and beat."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.conf import settings

settings.ROOT_URLCONF = "bench.urls"

from dashboard.asgi import application  # noqa: E402 - the URLs must be named first

__all__ = ["application"]
