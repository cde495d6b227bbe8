"""Paging markers: opaque to the caller, and good for one kind of listing and one direction only."""

from __future__ import annotations

import base64
import json

from demo.errors import invalid


def encode(kind: str, position: int) -> str:
    """A marker that continues after ``position``."""
    return base64.urlsafe_b64encode(json.dumps([kind, position]).encode()).decode()


def decode(marker: str | None, kind: str) -> int | None:
    """The position in a marker that :func:`encode` made for the same kind; None without a marker."""
    if marker is None:
        return None
    try:
        found, position = json.loads(base64.urlsafe_b64decode(marker))
    except ValueError:
        raise invalid("Marker was not made by this operation") from None
    if found != kind or not isinstance(position, int):
        raise invalid("Marker belongs to another request")
    return position
