"""Clients of AWS. One connection for now, from the ambient AWS settings (credentials, AWS_REGION, AWS_ENDPOINT_URL_LAMBDA)."""

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
import orjson
from botocore.config import Config

from executions.gateway.errors import triage

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
    except Exception as error:
        raise triage(error, asked="open a connection") from error
    client.meta.events.register("before-parse.lambda.GetDurableExecutionHistory", _read_fast)
    return Connection(name=AMBIENT, region=client.meta.region_name, client=client)


def _read_fast(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Read a history with orjson instead of botocore's parser (six times slower) and keep it as AWS wrote it."""
    if response_dict["status_code"] == 200:
        customized_response_dict["Wire"] = orjson.loads(response_dict["body"])
        response_dict["body"] = b"{}"
