"""AWS's quotas for the calls that Durascope makes, and the part of them that it may use."""

QUOTA_PER_SECOND = {
    "history": 15,
    "list": 15,
    "get": 30,
    "stop": 300,
    "callback": 3000,
    "control": 15,
}
"""Calls a second per account and Region, from AWS's documentation for durable executions."""


def calls_per_second(api: str, share: float) -> int:
    """Our share of the quota, rounded down so that it is never exceeded in any second, and at least one."""
    return max(1, int(QUOTA_PER_SECOND[api] * share))
