"""Clients of AWS, one for each configured connection: by a role that is assumed and renewed, or by the ambient
settings.
"""

import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
import orjson
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

from executions.domain import written
from executions.gateway import budget, deadline
from executions.gateway.configuration import Configured, named
from executions.gateway.errors import NoCredentials, triage

SESSION_NAME = "durascope"
CLIENT = Config(
    retries={"total_max_attempts": 1, "mode": "standard"},
    connect_timeout=3,
    read_timeout=8,
    max_pool_connections=16,
    # CloudTrail shows it; and botocore's own, put together anew for each call, takes a sixth of the call's time.
    user_agent=f"Durascope Boto3/{boto3.__version__}",
)


@dataclass(frozen=True)
class Connection:
    """How to reach one account and Region."""

    name: str
    region: str
    client: Any
    settings: Configured = field(default_factory=Configured)
    credentials: Any = None

    def ready(self) -> None:
        """Get credentials, or new ones for those that expire, which may take seconds. Raises what boto3 raises, and
        GatewayError.
        """
        if self.credentials is not None:
            self.credentials.get_frozen_credentials()


@lru_cache(maxsize=256)
def reach(name: str) -> Connection:
    """The connection of this name; raises NoCredentials when it cannot be opened or is not configured any more."""
    settings = named(name)
    if settings is None:
        raise NoCredentials(f"The connection {name} is not configured any more.", "Its executions stay as they were.")
    return opened(settings)


def opened(settings: Configured) -> Connection:
    """A new client. Nothing is sent yet: a role is assumed when the first call needs it."""
    try:
        session, region = session_of(settings)
        client = session.client("lambda", region_name=region, endpoint_url=settings.endpoint or None, config=CLIENT)
    except ValueError as error:
        raise NoCredentials(f"The AWS settings cannot be used: {error}.", "Correct AWS_ENDPOINT_URL_LAMBDA.") from error
    except Exception as error:
        raise triage(error, asked="open a connection") from error
    client.meta.events.register("before-send.lambda", _note_sending)
    client.meta.events.register("before-parse.lambda", _read)
    return Connection(settings.name, client.meta.region_name, client, settings, session.get_credentials())


def session_of(settings: Configured) -> tuple[boto3.session.Session, str | None]:
    """A session with this connection's credentials, and its Region; None leaves the Region to the AWS settings."""
    # botocore itself looks only at AWS_DEFAULT_REGION and the profile, unlike all other AWS SDKs.
    region = settings.region or os.environ.get("AWS_REGION") or None
    return (_assuming(settings, region) if settings.role_arn else boto3.session.Session()), region


def _assuming(settings: Configured, region: str | None) -> boto3.session.Session:
    """A session that has the role, and renews it before it expires."""
    source = botocore.session.get_session()
    if (own := source.get_credentials()) is None:
        raise NoCredentials(
            f"There are no AWS credentials to assume the role {settings.role_arn} with.",
            "Set AWS_ACCESS_KEY_ID and the others, or a role of this machine.",
        )
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=lambda service, **given: source.create_client(
            service, **{"region_name": region, "config": CLIENT, **given}
        ),
        source_credentials=own,
        role_arn=settings.role_arn,
        extra_args={
            "RoleSessionName": SESSION_NAME,
            **({"ExternalId": settings.external_id} if settings.external_id else {}),
        },
    )

    def fetch() -> dict[str, Any]:
        try:
            credentials: dict[str, Any] = fetcher.fetch_credentials()
        except Exception as error:
            # Whatever became of this request, the one that it was needed for has not been sent.
            raise replace(triage(error, asked=f"assume the role {settings.role_arn}"), maybe_done=False) from error
        return credentials

    target = botocore.session.get_session()
    # botocore has no public way to give a session credentials that renew themselves.
    renewing = DeferredRefreshableCredentials(fetch, "assume-role")
    target._credentials = renewing  # type: ignore[attr-defined]
    return boto3.session.Session(botocore_session=target)


def _note_sending(**_: object) -> None:
    deadline.check()
    budget.sent()


def _read(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], operation_model: Any, **_: object
) -> None:
    """Look at a good answer before botocore does; raises ValueError when it is none of Lambda's.

    botocore takes a body that is not JSON for an empty answer, so that a proxy's page would look like "there are no
    functions". A history is kept as AWS wrote it, and not shown to botocore, whose parser takes fifty times as
    long.
    """
    shape = operation_model.output_shape
    if response_dict["status_code"] >= 300 or shape is None or "payload" in shape.serialization:
        return
    body = response_dict["body"]
    if not body and not shape.members:
        return
    if operation_model.name == "GetDurableExecutionHistory":
        customized_response_dict |= {"Told": written.read(body), "Body": body}
        response_dict["body"] = b"{}"
    elif not isinstance(orjson.loads(body), dict):
        raise ValueError("not a JSON object")
