"""What docker-compose.yml and the Dockerfile say, read without an engine."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "docker-compose.yml"
TEXT = COMPOSE.read_text()
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image", "").startswith("durascope")}
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
STOPS_WITHIN = 10.0
"""Seconds after which an engine kills what was asked to end, where a service does not say otherwise."""


def lines(instruction: str, stage: str = "") -> list[str]:
    """What stands behind each of these instructions, of one stage or of all."""
    return re.findall(rf"^{instruction}\s+(.*)$", _stage(stage) if stage else DOCKERFILE, re.MULTILINE)


def _stage(name: str) -> str:
    found = re.search(rf"^FROM \S+ AS {name}$(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found, f"the Dockerfile has no stage {name}"
    return found[1]


def command(service: str) -> list[str]:
    return shlex.split(SERVICES[service]["command"])


def environment(service: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """What the service's process sees when only `given` is set in the shell."""
    found = {}
    for name, value in service.get("environment", {}).items():
        if value is not None:
            found[name] = re.sub(r"\$\{(\w+)[^}]*\}", lambda asked: given[asked[1]], str(value))
        elif name in given:
            found[name] = given[name]
    return found


def grace(service: dict[str, Any]) -> float:
    return float(str(service.get("stop_grace_period", f"{STOPS_WITHIN}s")).removesuffix("s"))


def health_check(stage: str) -> list[str]:
    """The command by which an engine sees whether a container of this image works."""
    (found,) = re.findall(r"^HEALTHCHECK\s.*?CMD (\[.*\])$", _stage(stage), re.MULTILINE)
    words: list[str] = json.loads(found)
    return words
