"""The web: pages, views and templates over the core."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
