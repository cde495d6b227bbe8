"""What Durascope counts about itself, and how it is written for Prometheus. The only place that knows how.

Counters live in the process that counts. With PROMETHEUS_MULTIPROC_DIR (read by prometheus_client itself) all processes
that share the folder are added up. The last minute's calls are also kept in the cache, which all processes share when
there is Redis, for the page of connections.
"""

import contextlib
import os
import time
from collections import Counter as Tally
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.cache import cache
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
OK = "ok"
_MINUTE = 60
_OURS = CollectorRegistry()
ProcessCollector(registry=_OURS)

_CALLS = Counter(
    "durascope_aws_calls",
    "Calls of AWS, by API and by what came of them.",
    ["connection", "api", "outcome"],
    registry=_OURS,
)
_CALL_SECONDS = Histogram(
    "durascope_aws_call_seconds",
    "How long AWS took to answer.",
    ["connection", "api"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_OURS,
)
FOLDING = Histogram(
    "durascope_fold_seconds",
    "How long it took to fold one history.",
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1),
    registry=_OURS,
)
STORING = Histogram(
    "durascope_store_seconds",
    "How long it took to store one page of a history.",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
    registry=_OURS,
)
STREAMS = Gauge("durascope_streams", "Event streams open.", multiprocess_mode="livesum", registry=_OURS)


@dataclass
class Family:
    """A gauge that is worked out when somebody asks: (values of the labels, number) for each of its samples."""

    name: str
    says: str
    labels: tuple[str, ...] = ()
    samples: list[tuple[tuple[str, ...], float]] = field(default_factory=list)


@dataclass(frozen=True)
class LastMinute:
    """Calls by API, and throttled ones, in the last full minute; `answered`: when AWS last did (epoch), or None."""

    calls: dict[str, int]
    throttled: int
    answered: float | None


def called(connection: str, api: str, outcome: str, seconds: float) -> None:
    """A call of AWS has ended: `outcome` is OK or the kind of the gateway's error."""
    _CALLS.labels(connection, api, outcome).inc()
    _CALL_SECONDS.labels(connection, api).observe(seconds)
    now = time.time()
    _count_in_cache(f"{api}/{outcome}", connection, now)
    if outcome == OK:
        cache.set(f"durascope:answered:{connection}", now, None)


def last_minute(connection: str, apis: Iterable[str]) -> LastMinute | None:
    """What `called` was told in the minute before this one; None when nobody can tell."""
    minute = int(time.time() // _MINUTE) - 1
    wanted = {_key(connection, minute, f"{api}/{kind}"): (api, kind) for api in apis for kind in _OUTCOMES}
    found = cache.get_many([*wanted, f"durascope:answered:{connection}"])
    if not found:
        return None  # whoever calls AWS does not share this cache, or has only just begun
    answered = found.pop(f"durascope:answered:{connection}", None)
    calls: Tally[str] = Tally()
    for key, number in found.items():
        calls[wanted[key][0]] += number
    throttled = sum(number for key, number in found.items() if wanted[key][1] == "throttled")
    return LastMinute(dict(calls), throttled, answered)


def exposition(gauges: Iterable[Family]) -> bytes:
    """Everything in Prometheus's text format."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        counted = generate_latest(registry)
    else:
        counted = generate_latest(_OURS)
    worked_out = CollectorRegistry()
    worked_out.register(_WorkedOut(gauges))
    return counted + generate_latest(worked_out)


def serve(port: int, host: str) -> None:
    """Answer with this process's counters, without a token: for a process that has no web server."""
    start_http_server(port, addr=host, registry=_OURS)


class _WorkedOut(Collector):
    def __init__(self, gauges: Iterable[Family]):
        self._gauges = list(gauges)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.says, labels=gauge.labels)
            for labels, number in gauge.samples:
                family.add_metric(labels, number)
            yield family


_OUTCOMES = (
    *(OK, "throttled", "denied", "kms", "credentials", "unreachable", "service", "answer", "not-found", "refused"),
    *("callback-closed", "error"),
)


def _key(connection: str, minute: int, what: str) -> str:
    return f"durascope:calls:{connection}:{minute}:{what}"


def _count_in_cache(what: str, connection: str, now: float) -> None:
    key = _key(connection, int(now // _MINUTE), what)
    if not cache.add(key, 1, 3 * _MINUTE):
        with contextlib.suppress(ValueError):  # it has expired between the two
            cache.incr(key)
