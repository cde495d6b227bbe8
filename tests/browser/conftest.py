"""Chromium on the whole demo: emulator, app, accounts, as `make demo` starts them."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests import factories

ROOT = Path(__file__).resolve().parents[2]
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
WATCH_POLICY = """document.addEventListener("securitypolicyviolation",
  (event) => console.error("CSP: " + event.violatedDirective + " " + event.blockedURI))"""

SCRIPTED = """async () => {
  while (document.querySelector("script[data-then]") && !window.htmx) await new Promise((go) => setTimeout(go, 10));
}"""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        sentence = "Chromium is needed: install it, or set CHROMIUM to its path"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    playwright: Playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Demo:
    """The app's address, and boto3 on the emulator behind it."""

    base: str
    aws: Any

    def start(self, function: str, **fields: Any) -> str:
        """Start an execution of one's own, which no barista answers; -> its name."""
        name = f"test-{uuid.uuid4().hex[:8]}"
        payload = json.dumps({"brewSeconds": 1, "retryDelay": 1, "callbackTimeout": 900, **fields}).encode()
        self.aws.invoke(FunctionName=function, InvocationType="Event", DurableExecutionName=name, Payload=payload)
        return name


@pytest.fixture(scope="package")
def demo(chromium: Browser) -> Iterator[Demo]:
    """The demo with its usual traffic."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DJANGO_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.up", "--port", str(port), "--cap", "120"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        session = boto3.Session("demo", "demo", region_name="us-east-1")
        yield Demo(f"http://127.0.0.1:{port}", session.client("lambda", endpoint_url=_endpoint(process)))
    finally:
        process.terminate()
        process.wait(30)
        for left in (ROOT / "var").glob(f"demo-{port}.sqlite3*"):
            left.unlink()


def _endpoint(process: subprocess.Popen[str]) -> str:
    """Read what the demo announces when all of it is healthy."""
    for line in process.stdout or ():
        if "Lambda endpoint:" in line:
            return line.split("Lambda endpoint:")[1].split()[0]
    raise RuntimeError("the demo did not start")


@dataclass
class Visitor:
    """Somebody's browser. `complaints` are what its console said was wrong; a test ends by finding none."""

    page: Page
    base: str
    scripts: bool = True
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        if self.scripts:  # they come after the first paint
            self.page.evaluate(SCRIPTED)
        return self.page

    def log_in(self, role: str) -> Page:
        self.open("/login/")
        return self.enter(role)

    def enter(self, role: str) -> Page:
        """Fill in the login form that is shown."""
        self.page.locator("[name=username]").fill(role)
        self.page.locator("[name=password]").fill(role)
        self.page.keyboard.press("Enter")
        self.page.locator("header.side").wait_for()
        if self.scripts:
            self.page.evaluate(SCRIPTED)
        return self.page


@pytest.fixture
def visitor(chromium: Browser, demo: Demo) -> Iterator[Callable[..., Visitor]]:
    """Makes browsers of their own for people; afterwards none of them may have complained."""
    made: list[tuple[Any, Visitor]] = []

    def make(*, scheme: str = "light", width: int = 1400, scripts: bool = True) -> Visitor:
        context = chromium.new_context(
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
        )
        context.set_default_timeout(20_000)
        context.add_init_script(WATCH_POLICY)
        person = Visitor(context.new_page(), demo.base, scripts)
        person.page.on("console", lambda said: said.type == "error" and person.complaints.append(said.text))
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        made.append((context, person))
        return person

    yield make
    for context, person in made:
        context.close()
        assert person.complaints == []


Place = tuple[str, User]


@pytest.fixture(scope="package")
def beside_playwright() -> Iterator[None]:
    """Its loop runs in this thread; Django would refuse its database here."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def installation(beside_playwright: None, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The app alone, without the demo: its address, on this test's database, and an admin."""
    monkeypatch.setattr(settings, "SECRET_KEY", "shared by the test and the app " * 2 + "!")
    admin = factories.user("admin")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DJANGO_"))}
    environment |= {
        "DATABASE_URL": f"sqlite:///{settings.DATABASES['default']['NAME']}",
        "SECRET_KEY": settings.SECRET_KEY,
        "SHARE_LINKS": "public",
        "REDIS_URL": "",
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    command = [*("-m", "uvicorn", "dashboard.asgi:application", "--lifespan", "off", "--log-level", "error")]
    process = subprocess.Popen([sys.executable, *command, "--port", str(port)], env=environment)
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}", admin
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def context(chromium: Browser, installation: Place) -> Iterator[BrowserContext]:
    """A browser in which the admin of the installation is logged in."""
    base, admin = installation
    client = Client()
    client.force_login(admin)
    made = chromium.new_context(viewport={"width": 1400, "height": 900}, base_url=base)
    made.set_default_timeout(20_000)
    made.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base}])
    yield made
    made.close()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the app did not start")
