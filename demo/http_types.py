"""What a route gets and gives; the HTTP server itself is in ``server``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from demo.errors import ApiError, invalid


@dataclass(frozen=True)
class Request:
    """``params`` come from the path, decoded; ``query`` keeps repeated values; header names are lower case."""

    params: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str) -> str | None:
        """The value of a query parameter, or None when absent or empty."""
        return (self.query.get(name) or [""])[-1] or None

    def flag(self, name: str, default: bool) -> bool:
        """A boolean query parameter."""
        value = self.one(name)
        return default if value is None else value.lower() == "true"

    def max_items(self, default: int, ceiling: int) -> int:
        """``MaxItems``; 0 means the default, as the History operation documents."""
        value = self.one("MaxItems")
        if value is None:
            return default
        if not value.isdigit() or int(value) > ceiling:
            raise invalid(f"MaxItems must be a number from 0 to {ceiling}, not {value!r}")
        return int(value) or default

    def moment(self, name: str) -> float | None:
        """A timestamp as epoch seconds; botocore sends ISO 8601, others send epoch seconds."""
        value = self.one(name)
        if value is None:
            return None
        try:
            if value.replace(".", "", 1).isdigit():
                return float(value)
            when = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            raise invalid(f"{name} is not a timestamp: {value!r}") from None
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()

    def json(self) -> Any:
        """The body as JSON, or None when there is no body."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ApiError("InvalidRequestContentException", f"The body is not JSON: {error}") from error


@dataclass(frozen=True)
class Response:
    """``body`` is sent as it is."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(data: Any, status: int = 200) -> Response:
    """A JSON answer in UTF-8."""
    return Response(status, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def error_response(error: ApiError) -> Response:
    """A typed error; boto3 reads the type from the header."""
    answer = json_response(error.body(), error.status)
    return Response(answer.status, answer.body, {"x-amzn-ErrorType": error.type_name})
