"""Ways in, in Chromium over real HTTP: an identity provider on this machine, and a security key."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests import provider
from tests.browser.conftest import ROOT, WATCH_POLICY
from tests.provider import Provider

pytestmark = pytest.mark.browser
NEVER = "http://127.0.0.1:9"
"""Nothing answers there: AWS plays no part in this."""


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider.running() as running:
        running.knows("s-1", preferred_username="ada", groups=["sre"])
        yield running


@pytest.fixture(scope="module")
def app(idp: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app as people run it, with one local account; -> its address, on localhost, where browsers allow keys."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database: Path = tmp_path_factory.mktemp("sso") / "durascope.sqlite3"
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "REDIS_URL": "",
        "AWS_ENDPOINT_URL_LAMBDA": NEVER,
        "AWS_REGION": "eu-west-1",
        "LOG_LEVEL": "ERROR",
        "OIDC_ISSUER": idp.issuer,
        "OIDC_CLIENT_ID": "durascope",
        "OIDC_CLIENT_SECRET": "secret",
        "OIDC_NAME": "Example Login",
        "OIDC_GROUPS": "sre=operator",
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    subprocess.run(
        [*manage, "user", "ann", "--role", "admin"], cwd=ROOT, env=environment, input=b"a long password", check=True
    )
    command = [sys.executable, "-m", "uvicorn", "dashboard.asgi:application", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=environment)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def page(chromium: Browser, app: str) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    context.add_init_script(WATCH_POLICY)
    made = context.new_page()
    broken: list[str] = []
    made.on("console", lambda said: broken.append(said.text) if said.text.startswith("CSP: ") else None)
    made.on("pageerror", lambda error: broken.append(str(error)))
    yield made
    context.close()
    assert not [said for said in broken if app in said or "CSP: " not in said]


def test_a_deep_link_opens_after_single_sign_on(page: Page, app: str) -> None:
    asked = f"{app}/executions/?status=FAILED&name=a%26b"
    page.goto(asked)
    page.get_by_role("link", name="Log in with Example Login").click()
    page.locator("[name=sub]").fill("s-1")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(asked)
    page.goto(f"{app}/account/")
    assert page.get_by_role("heading", name="Your account").is_visible()
    assert page.locator(".head-note").get_by_text("ada", exact=True).is_visible()
    assert page.get_by_text("operator").is_visible()


def test_a_security_key_is_added_and_then_lets_one_in(page: Page, app: str) -> None:
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**key, "automaticPresenceSimulation": True}})

    def enter() -> None:
        page.fill("[name=username]", "ann")
        page.fill("[name=password]", "a long password")
        page.keyboard.press("Enter")

    page.goto(f"{app}/login/?next=/account/keys/new/")
    enter()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/account/recovery-codes/")
    page.context.clear_cookies()
    page.goto(f"{app}/functions/?name=x")
    enter()
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(f"{app}/functions/?name=x")
