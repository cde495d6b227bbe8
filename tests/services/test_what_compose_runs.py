"""What docker-compose.yml runs, runs: each service's command, from the files that its image would hold, with the
environment that it is given there and no other. In place of the containers' network stand ports of this machine.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.compose import OURS, ROOT, SERVICES, command, environment, grace, health_check, lines
from tests.faults.clock import Clock
from tests.faults.conftest import environment as of_aws
from tests.faults.conftest import served as served  # a fixture, used below
from tests.faults.server import Api, Server
from tests.faults.world import World
from tests.services.servers import OwnPostgres, OwnRedis, free_port

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]
PASSWORD = "letters4and5digits"
PROGRAMS = str(Path(sys.executable).parent)
"""Instead of the image's /venv/bin."""


def image(stage: str, folder: Path) -> Path:
    """The folder that an image of this stage works in: what is committed of that which it copies, and what it runs."""
    app = folder / stage
    for line in lines("COPY", stage):
        if line.startswith("--from"):
            continue
        *sources, target = line.split()
        for source in sources:
            listed = subprocess.run(["git", "ls-files", "-z", source], cwd=ROOT, capture_output=True, check=True)
            for name in filter(None, listed.stdout.decode().split("\0")):
                path = app / target / Path(name).relative_to(source if (ROOT / source).is_dir() else ".")
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, path)
    for line in lines("RUN", stage):
        words = shlex.split(line.replace("-o durascope -g durascope ", ""))  # who runs this need not be root
        subprocess.run(words, cwd=app, env={"PATH": f"{PROGRAMS}:{os.defpath}"}, check=True)
    return app


class Containers:
    """One process for each container, by its name."""

    def __init__(self, app: Path, redis: OwnRedis, postgres: OwnPostgres, aws: dict[str, str], folder: Path) -> None:
        self.app, self.aws, self.folder = app, aws, folder
        self.web_port = free_port()
        self.elsewhere = {
            "@postgres:5432": f"@127.0.0.1:{postgres.port}",
            "//redis:6379": f"//127.0.0.1:{redis.port}",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - what a container opens to its network stays on this machine
            "8000": str(self.web_port),
        }
        self.metrics: dict[str, int] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, service: str, name: str) -> dict[str, str]:
        given = {"SECRET_KEY": "k" * 40, "POSTGRES_PASSWORD": PASSWORD, **self.aws}
        made = {key: self._here(value) for key, value in environment(SERVICES[service], given).items()}
        # What is a container's own: its folder in memory and its ports.
        counted = self.folder / f"metrics-{name}"
        counted.mkdir(exist_ok=True)
        self.metrics[name] = self.metrics.get(name) or free_port()
        made |= {"PROMETHEUS_MULTIPROC_DIR": str(counted), "METRICS_PORT": str(self.metrics[name])}
        return {**made, "PATH": f"{PROGRAMS}:{os.defpath}", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}

    def run(self, service: str) -> None:
        """Until it ends by itself."""
        words, env = self._words(service), self.environment(service, service)
        done = subprocess.run(words, cwd=self.app, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def start(self, service: str, name: str) -> None:
        words, env = self._words(service), self.environment(service, name)
        log = (self.folder / f"{name}.log").open("wb")
        self.processes[name] = subprocess.Popen(words, cwd=self.app, env=env, stdout=log, stderr=log)

    def healthy(self, stage: str, service: str) -> bool:
        words = [self._here(word) for word in health_check(stage)]
        env = self.environment(service, f"check-{service}")
        return subprocess.run(words, cwd=self.app, env=env, capture_output=True, check=False).returncode == 0

    def stop(self, service: str, name: str) -> int:
        """As an engine does it: what has not ended within its time is killed, which is not to be needed."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(grace(SERVICES[service]))
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def all_run(self) -> None:
        for name, process in self.processes.items():
            assert process.poll() is None, (self.folder / f"{name}.log").read_text()[-3000:]

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _words(self, service: str) -> list[str]:
        return [self._here(word) for word in command(service)]

    def _here(self, text: str) -> str:
        for inside, here in self.elsewhere.items():
            text = text.replace(inside, here)
        return text


@contextmanager
def prepared(postgres: OwnPostgres) -> Iterator[None]:
    """What the image of PostgreSQL makes of its environment."""
    wanted = environment(SERVICES["postgres"], {"POSTGRES_PASSWORD": PASSWORD})
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {wanted['POSTGRES_USER']} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        admin.execute(f"CREATE DATABASE {wanted['POSTGRES_DB']} OWNER {wanted['POSTGRES_USER']}")
    yield


@pytest.fixture
def containers(served: Server, tmp_path: Path) -> Iterator[Containers]:
    served.api = Api(World(Clock(flowing=True), seed=5, functions=2))
    served.api.calls_left = 10**9
    redis, postgres = OwnRedis(), OwnPostgres()
    redis.start()
    postgres.start()
    try:
        with prepared(postgres):
            app = image("durascope", tmp_path)
            made = Containers(app, redis, postgres, of_aws(served.endpoint), tmp_path)
            try:
                yield made
            finally:
                made.end()
    finally:
        redis.stop()
        postgres.remove()
        served.api = None


def wait_for(what: str, ready: Callable[[], bool], meanwhile: Callable[[], None]) -> None:
    deadline = time.monotonic() + 90
    while not ready():
        meanwhile()
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.2)


def answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as got:  # noqa: S310 - our own address
            return str(got.read().decode())
    except urllib.error.URLError:
        return ""


def test_what_compose_runs_mirrors_and_ends_when_it_is_asked_to(containers: Containers, served: Server) -> None:
    world = served.api.world  # type: ignore[union-attr]
    for number in range(8):
        run = world.start(f"function-{number % 2}")
        world.step(run)
    containers.run("migrate")
    containers.run("demo-users")
    assert not containers.healthy("durascope", "web")
    copies = [("web", "web"), ("beat", "beat")]
    copies += [("worker", f"worker-{number}") for number in range(SERVICES["worker"]["deploy"]["replicas"])]
    assert {service for service, _ in copies} == {
        name for name, one in OURS.items() if one.get("restart") == "unless-stopped" and not one.get("profiles")
    }
    for service, name in copies:
        containers.start(service, name)
    wait_for("the web", lambda: containers.healthy("durascope", "web"), containers.all_run)
    url = containers.environment("web", "web")["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as database:

        def mirrored() -> int:
            rows = database.execute("SELECT count(*) FROM executions_execution WHERE last_event_id > 0").fetchone()
            return int(rows[0]) if rows else 0

        wait_for("the mirror", lambda: mirrored() == 8, containers.all_run)
    for service, name in copies:
        if service == "worker":
            assert "durascope_aws_calls_total" in answer(f"http://127.0.0.1:{containers.metrics[name]}/metrics"), name
    # The page of somebody who is not logged in, its style sheets in their compressed form.
    page = answer(f"http://127.0.0.1:{containers.web_port}/login/")
    assert "<form" in page and (containers.app / "static/app.css.gz").exists()
    served.api.latency = 1.0  # type: ignore[union-attr]
    for run in list(world.runs.values()):
        world.step(run)
    time.sleep(1)  # in the midst of work
    containers.all_run()
    for service, name in reversed(copies):
        assert containers.stop(service, name) == 0, (containers.folder / f"{name}.log").read_text()[-3000:]


def test_the_demo_that_compose_runs_says_that_it_is_healthy(tmp_path: Path) -> None:
    port, app = str(free_port()), image("demo", tmp_path)
    here = {"0.0.0.0": "127.0.0.1", "8001": port}  # noqa: S104 - see above

    def words(said: list[str]) -> list[str]:
        for inside, outside in here.items():
            said = [word.replace(inside, outside) for word in said]
        return said

    env = {"PATH": f"{PROGRAMS}:{os.defpath}", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}

    def healthy() -> bool:
        check = words(health_check("demo"))
        return subprocess.run(check, cwd=app, env=env, capture_output=True, check=False).returncode == 0

    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(words(command("demo")), cwd=app, env=env, stdout=log, stderr=log)

    def runs() -> None:
        assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]

    try:
        wait_for("the demo", healthy, runs)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0  # killed sooner it would lose nothing either
    finally:
        process.kill()
        process.wait()
