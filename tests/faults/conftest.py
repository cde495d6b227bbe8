"""The mirror over HTTP against a fake Lambda API: one server and one client of it, a new world for each test."""

from collections.abc import Callable, Iterator

import pytest
from botocore.config import Config
from django.core.cache import cache

from executions.gateway import budget, circuit, connections
from executions.gateway.configuration import Configured
from executions.gateway.connections import Connection
from tests.fakes import REGION
from tests.faults.clock import Clock
from tests.faults.mirror import Mirror
from tests.faults.server import QUOTAS, Api, Server, serving
from tests.faults.world import World

READ_TIMEOUT = 0.4


@pytest.fixture(scope="session")
def served() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def client(served: Server) -> Connection:
    """The gateway's own connection, which takes a third of a second to make; only its time-out is shorter."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment(served.endpoint).items():
            patched.setenv(name, value)
        patched.delenv("AWS_PROFILE", raising=False)
        patched.setattr(connections, "CLIENT", connections.CLIENT.merge(Config(read_timeout=READ_TIMEOUT)))
        return connections.opened(Configured())


def environment(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_LAMBDA": endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


Scene = Callable[..., Mirror]


def our_share() -> dict[str, int]:
    """What the budget allows in any one second."""
    return {api: budget.calls_per_second("default", api) for api in QUOTAS}


@pytest.fixture
def scene(
    served: Server, client: Connection, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> Iterator[Scene]:
    """Makes a world, a service that tells of it and a mirror that asks: scene(seed=..., page_items=..., ahead=...)."""
    for module in ("functions", "executions", "listing", "history"):
        monkeypatch.setattr(f"executions.sync.{module}.reach", lambda *_: client)

    def make(
        *, seed: int = 0, functions: int = 2, page_items: int = 1000, ahead: float = 0.0, flowing: bool = False
    ) -> Mirror:
        clock = Clock(flowing=flowing)
        # The budget waits by the clock of the world, and counts by it.
        monkeypatch.setattr(budget, "time", clock)
        monkeypatch.setattr(circuit, "time", clock)
        monkeypatch.setattr(budget, "_buckets", {})
        cache.clear()
        # Each page of a history by itself, as when AWS is slow; or all as one.
        monkeypatch.setattr("executions.sync.storing.STORE_EVERY", 0.0 if seed % 2 else 60.0)
        served.api = Api(World(clock, seed=seed, functions=functions), page_items=page_items)
        return Mirror(served.api, monkeypatch, ahead=ahead)

    yield make
    served.api = None
