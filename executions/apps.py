"""The core: mirrors durable executions and acts on them. Knows no HTML."""

from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    name = "executions"
