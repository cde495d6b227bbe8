"""docker-compose.yml and the Dockerfile, checked without an engine: all that they name exists, all they set is read."""

import argparse
import importlib
import importlib.util
import json
import re
import subprocess
import sys

import pytest
from django.core.management import get_commands

from dashboard import env
from tests.compose import COMPOSE, DOCKERFILE, OURS, ROOT, SERVICES, TEXT, command, environment, lines

pytestmark = pytest.mark.contract

OF_OTHERS = {"PROMETHEUS_MULTIPROC_DIR", "FORWARDED_ALLOW_IPS", "HTTPS_PROXY", "NO_PROXY"}
OF_COMPOSE = {"PORT", "POSTGRES_PASSWORD"}
"""Read by docker-compose.yml itself; docs/configuration.md tells about them apart from Durascope's own."""
SECRETS = {"POSTGRES_PASSWORD": "x" * 24, "SECRET_KEY": "y" * 40}


def _commands() -> dict[str, list[str]]:
    """Every command that a service or an image runs, as a list of words."""
    found = {f"service {name}": command(name) for name in OURS}
    return found | {f"image, {number}": json.loads(line) for number, line in enumerate(lines("CMD"))}


def test_the_file_fits_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_services_are_the_documented_ones_and_the_demo_starts_only_on_request() -> None:
    assert {"web", "worker", "beat", "migrate", "redis", "postgres", "demo"} <= set(SERVICES)
    on_request = {name for name, service in SERVICES.items() if service.get("profiles")}
    assert on_request == {"demo", "demo-users"}
    assert all(SERVICES[name]["profiles"] == ["demo"] for name in on_request)


def test_every_service_that_another_one_waits_for_exists_and_can_say_when_it_is_ready() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            if how["condition"] == "service_healthy":
                assert SERVICES[other]["healthcheck"]["test"], f"{other} has no health check"


def test_every_variable_is_one_that_durascope_reads() -> None:
    for name, service in OURS.items():
        for variable in service.get("environment", {}):
            known = variable in env.VARIABLES or variable.startswith("AWS_") or variable in OF_OTHERS
            assert known, f"{name}: {variable}"
    interpolated = set(re.findall(r"\$\{(\w+)", TEXT))
    assert interpolated <= set(env.VARIABLES) | OF_COMPOSE


def test_every_variable_that_differs_between_installations_can_be_set() -> None:
    settable = set(OURS["web"]["environment"])
    assert set(env.VARIABLES) - settable == {"DEBUG"}


def test_the_same_environment_reaches_web_worker_and_beat() -> None:
    assert OURS["web"]["environment"] == OURS["worker"]["environment"] == OURS["beat"]["environment"]


def test_the_environment_is_accepted_and_is_the_production_form() -> None:
    made = env.read(environment(OURS["web"], SECRETS))
    assert not made.embedded and not made.debug
    assert made.database["ENGINE"] == "django.db.backends.postgresql"
    assert made.database["HOST"] in SERVICES and made.database["USER"] == "durascope"


def test_there_are_several_web_processes_and_workers_and_a_beat() -> None:
    words = command("web")
    assert int(words[words.index("--workers") + 1]) >= 2
    assert OURS["worker"]["deploy"]["replicas"] >= 2
    assert "beat" in command("beat")


def test_every_process_has_the_folder_in_which_it_counts() -> None:
    for name, service in OURS.items():
        if folder := service.get("environment", {}).get("PROMETHEUS_MULTIPROC_DIR"):
            assert [one.partition(":")[0] for one in service["tmpfs"]] == [folder], name


def test_the_files_that_the_comment_names_are_in_a_folder_that_every_process_reads() -> None:
    named = re.findall(r"# .*?(CONNECTIONS_FILE|DECISIONS_DIR)=(/\w+)/", TEXT.replace(", ", "\n# "))
    assert {name for name, _ in named} == {"CONNECTIONS_FILE", "DECISIONS_DIR"}
    for name in ("web", "worker", "beat"):
        assert {folder for _, folder in named} <= {one.split(":")[1] for one in OURS[name]["volumes"]}, name


def test_no_secret_has_a_default() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        assert re.findall(rf"\$\{{{name}([^}}]{{2}})", TEXT), name
        assert set(re.findall(rf"\$\{{{name}([^}}]{{2}})", TEXT)) == {":?"}, name


def test_nothing_is_published_beyond_this_machine() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port}"


def _check_uvicorn(words: list[str]) -> None:
    module, _, attribute = words[1].partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))
    options = subprocess.run(
        [sys.executable, "-m", "uvicorn", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in (word for word in words if word.startswith("--")):
        assert option in options, option
    assert "--timeout-graceful-shutdown" in words, "or an open stream keeps the old process alive"
    if "--workers" in words:
        patience = int(words[words.index("--timeout-worker-healthcheck") + 1])
        assert patience >= 30, "or processes that begin slowly are killed again and again"


def _check_celery(words: list[str]) -> None:
    assert words[1:3] == ["-A", "dashboard"]
    options = subprocess.run(
        [sys.executable, "-m", "celery", words[3], "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in (word for word in words[4:] if word.startswith("-")):
        assert option in options, option
    if words[3] == "worker":
        assert words[words.index("-P") + 1] == "threads"


def _check_python(words: list[str]) -> None:
    if words[1] == "manage.py":
        assert words[2] in get_commands()
        return
    assert words[1] == "-m" and importlib.util.find_spec(words[2])
    arguments = importlib.import_module(f"{words[2]}.__main__").arguments
    parsed: argparse.Namespace = arguments(words[3:])
    assert parsed.host == "0.0.0.0" and parsed.port == 8001  # noqa: S104 - inside the container's own network


CHECKS = {"uvicorn": _check_uvicorn, "celery": _check_celery, "python": _check_python}


@pytest.mark.parametrize("words", _commands().values(), ids=_commands())
def test_every_command_names_what_exists(words: list[str]) -> None:
    CHECKS[words[0]](words)


def test_the_demo_s_address_in_the_comment_is_the_service_s() -> None:
    found = re.search(r"AWS_ENDPOINT_URL_LAMBDA=http://([\w-]+):(\d+)", TEXT)
    assert found and found[1] in SERVICES and found[2] in SERVICES[found[1]]["command"].split()


def test_every_build_target_is_a_stage_of_the_dockerfile() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    assert {service["build"]["target"] for service in OURS.values()} <= stages


def test_the_images_use_the_python_that_the_lock_was_made_for() -> None:
    images = [line.split()[0] for line in lines("FROM") if line.startswith("python:")]
    assert images and set(images) == {"python:3.11-slim-bookworm"}


def test_what_the_images_copy_exists_and_reaches_the_engine() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in lines("COPY"):
        if line.startswith("--from"):
            continue
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in allowed, f".dockerignore leaves {source} out"
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*", "nothing that is not named may reach an image"


def test_packages_are_installed_by_hash_and_processes_are_not_root() -> None:
    installs = [line for line in lines("RUN") if "pip install" in line]
    assert installs and all("--require-hashes" in line for line in installs)
    final = DOCKERFILE.split("\nFROM ")[-1]
    assert "\nUSER durascope" in final and "\nHEALTHCHECK" in final
    assert "--hash=sha256:" in (ROOT / "requirements.txt").read_text()
