"""barista-callback: a plain function with which a barista answers one order.

Input: ``callbackId``, ``decision`` ("accept", the default, or "decline" or "heartbeat"), ``barista``, ``reason``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3


def _default_client() -> Any:
    return boto3.client("lambda")


def build_handler(make_client: Callable[[], Any] = _default_client) -> Callable[[Any, Any], dict[str, Any]]:
    """The handler, with the client it answers through; the client is made at the first call."""
    clients: list[Any] = []

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        if not clients:
            clients.append(make_client())
        answer(clients[0], event)
        return {"answered": event["callbackId"], "decision": event.get("decision", "accept")}

    return handler


def answer(client: Any, event: dict[str, Any]) -> None:
    """Send the decision to the waiting execution."""
    callback_id, barista = event["callbackId"], event.get("barista", "Ana")
    match event.get("decision", "accept"):
        case "accept":
            result = json.dumps({"accepted": True, "barista": barista, "station": 2}, ensure_ascii=False)
            client.send_durable_execution_callback_success(CallbackId=callback_id, Result=result.encode())
        case "decline":
            reason = event.get("reason", "out of oat milk")
            data = json.dumps({"barista": barista}, ensure_ascii=False)
            error = {"ErrorType": "BaristaDeclined", "ErrorMessage": reason, "ErrorData": data}
            client.send_durable_execution_callback_failure(CallbackId=callback_id, Error=error)
        case "heartbeat":
            client.send_durable_execution_callback_heartbeat(CallbackId=callback_id)
        case other:
            raise ValueError(f"unknown decision {other!r}")


handler = build_handler()
