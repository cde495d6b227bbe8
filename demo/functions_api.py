"""ListFunctions, GetFunctionConfiguration and GetFunction."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from demo import markers
from demo.arns import ACCOUNT_ID, LATEST, function_arn, parse_function
from demo.catalog import FunctionSpec
from demo.http_types import Request, Response, json_response

if TYPE_CHECKING:
    from demo.backend import Backend

# AWS gives at most 50 functions a call, whatever MaxItems says.
PAGE = 50


def configuration(spec: FunctionSpec, version: str, qualifier: str | None, modified: str) -> dict[str, Any]:
    """A FunctionConfiguration; ``DurableConfig`` is there only for a durable function."""
    found: dict[str, Any] = {
        "FunctionName": spec.name,
        "FunctionArn": function_arn(spec.name, qualifier),
        "Runtime": "python3.13",
        "Role": f"arn:aws:iam::{ACCOUNT_ID}:role/coffee-shop-demo",
        "Handler": f"{spec.module}.handler",
        "CodeSize": 4096,
        "CodeSha256": hashlib.sha256(spec.name.encode()).hexdigest(),
        "Description": spec.description,
        "Timeout": spec.timeout,
        "MemorySize": 256,
        "LastModified": modified,
        "Version": version,
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": f"/aws/lambda/{spec.name}"},
    }
    if config := spec.durable_config():
        found["DurableConfig"] = config
    return found


def list_functions(backend: Backend, request: Request) -> Response:
    """One page of all functions; with FunctionVersion=ALL, of all their versions."""
    every = request.one("FunctionVersion") == "ALL"
    kind = f"functions:{every}"
    begin = markers.decode(request.one("Marker"), kind) or 0
    limit = min(request.max_items(PAGE, 10_000), PAGE)
    entries = []
    for spec in backend.catalog.specs.values():
        entries.append((spec, LATEST, LATEST if every else None))
        if every:
            entries.extend((spec, version, version) for version in spec.versions)
    page = [configuration(*entry, backend.modified) for entry in entries[begin : begin + limit]]
    answer: dict[str, Any] = {"Functions": page}
    if begin + limit < len(entries):
        answer["NextMarker"] = markers.encode(kind, begin + limit)
    return json_response(answer)


def get_function_configuration(backend: Backend, request: Request) -> Response:
    """One function's configuration; the ARN is qualified as asked."""
    return json_response(_one(backend, request))


def get_function(backend: Backend, request: Request) -> Response:
    """The configuration again, with the little else that GetFunction adds."""
    found = _one(backend, request)
    code = {"RepositoryType": "S3", "Location": "https://example.invalid/coffee-shop.zip"}
    return json_response({"Configuration": found, "Code": code, "Tags": {"app": "coffee-shop"}})


def _one(backend: Backend, request: Request) -> dict[str, Any]:
    ref = parse_function(request.params["FunctionName"], request.one("Qualifier"))
    spec, version = backend.catalog.find(ref)
    return configuration(spec, version, ref.qualifier, backend.modified)
