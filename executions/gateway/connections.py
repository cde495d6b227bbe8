"""Clients of AWS. One connection for now, from the ambient settings: credentials, Region, AWS_ENDPOINT_URL_LAMBDA."""

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
import orjson
from botocore.config import Config

from executions.gateway.errors import NoCredentials, triage

AMBIENT = "default"


@dataclass(frozen=True)
class Connection:
    """How to reach one account and Region."""

    name: str
    region: str
    client: Any


@lru_cache(maxsize=1)
def ambient() -> Connection:
    """The connection from the environment; raises NoCredentials when no Region is set."""
    try:
        client = boto3.session.Session().client(
            "lambda",
            # botocore itself looks only at AWS_DEFAULT_REGION and the profile, unlike all other AWS SDKs.
            region_name=os.environ.get("AWS_REGION") or None,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=3,
                read_timeout=8,
                max_pool_connections=16,
            ),
        )
    except ValueError as error:
        raise NoCredentials(f"The AWS settings cannot be used: {error}.", "Correct AWS_ENDPOINT_URL_LAMBDA.") from error
    except Exception as error:
        raise triage(error, asked="open a connection") from error
    client.meta.events.register("before-parse.lambda", _read)
    return Connection(name=AMBIENT, region=client.meta.region_name, client=client)


def _read(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], operation_model: Any, **_: object
) -> None:
    """Look at a good answer before botocore does; raises ValueError, TypeError or KeyError when it is none of Lambda's.

    botocore takes a body that is not JSON for an empty answer, so that a proxy's page would look like "there are no
    functions". A history is kept as AWS wrote it, and read by orjson because botocore's parser takes six times as long.
    """
    shape = operation_model.output_shape
    if response_dict["status_code"] >= 300 or shape is None or "payload" in shape.serialization:
        return
    body = response_dict["body"]
    if not body and not shape.members:
        return
    wire = orjson.loads(body)
    if not isinstance(wire, dict):
        raise ValueError("not a JSON object")
    if operation_model.name == "GetDurableExecutionHistory":
        if not all(isinstance(event, dict) for event in wire["Events"]):
            raise ValueError("an event that is not a JSON object")
        customized_response_dict["Wire"] = wire
        response_dict["body"] = b"{}"
