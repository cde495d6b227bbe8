"""The core: mirrors durable executions and acts on them. Knows no HTML."""

from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    name = "executions"

    def ready(self) -> None:
        """A mistake in connections.toml or in the file of a decision form stops every process at its start, with the
        sentence that says where.
        """
        from executions.decision_forms import BadFile, from_files
        from executions.gateway.configuration import BadConnections, configured

        try:
            configured()
            from_files()
        except (BadConnections, BadFile) as error:
            raise SystemExit(str(error)) from error
