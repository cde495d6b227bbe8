"""The app's settings with one more URL: the "hello" view that the pages are compared with."""

from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
