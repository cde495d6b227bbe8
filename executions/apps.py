"""The core: mirrors durable executions and acts on them. Knows no HTML."""

from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    name = "executions"

    def ready(self) -> None:
        """A mistake in connections.toml stops every process at its start, with the sentence that says where."""
        from executions.gateway.configuration import BadConnections, configured

        try:
            configured()
        except BadConnections as error:
            raise SystemExit(str(error)) from error
