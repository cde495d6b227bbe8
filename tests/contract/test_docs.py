"""The documents say what the code does: variables, rights, paths, addresses, commands, links."""

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.session import get_session
from django.core.management import get_commands
from django.urls import get_resolver

from dashboard import env
from executions.actions.permissions import ROLES
from executions.domain import policy, pushes
from executions.gateway import lambda_api, queue

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _text(name: str) -> str:
    return (ROOT / name).read_text()


def _section(name: str, heading: str) -> str:
    """The text under a heading, down to the next one of its level or above."""
    level, _, _ = heading.partition(" ")
    found = re.search(
        rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", _text(name), re.MULTILINE | re.DOTALL
    )
    assert found, f"{name} has no heading {heading!r}"
    return found[1]


def _rows(text: str) -> list[list[str]]:
    """The cells of every table row below its rule."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rule = next((number for number, line in enumerate(lines) if set(line) <= set("|- ")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[rule + 1 :]]


def _code(cell: str) -> str:
    found = re.match(r"`([^`]+)`", cell)
    assert found, f"{cell!r} should begin with `code`"
    return found[1]


# --- configuration.md ---


def test_configuration_lists_exactly_the_variables_that_are_read() -> None:
    listed = [_code(row[0]) for row in _rows(_section("docs/configuration.md", "## Durascope's own variables"))]
    assert listed == list(env.VARIABLES), "the same ones, in the order of dashboard/env/"


def test_configuration_tells_the_defaults_that_the_code_has() -> None:
    for row in _rows(_section("docs/configuration.md", "## Durascope's own variables")):
        default = env.VARIABLES[_code(row[0])].replace(f"{env.ROOT}/", "")
        assert row[1] == "none" if not default else _code(row[1]) == default, row[0]


def test_a_value_outside_what_configuration_accepts_stops_the_start_and_names_the_variable() -> None:
    wrong = {
        "DATABASE_URL": "mysql://somewhere/x",
        "REDIS_URL": "http://somewhere",
        "SECRET_KEY": "short",
        "DEBUG": "perhaps",
        "CSRF_TRUSTED_ORIGINS": "durascope.example.com",
        "BEHIND_HTTPS": "perhaps",
        "CONNECTIONS_FILE": "no/such/file.toml",
        "BUDGET_SHARE": "2",
        "CALLBACK_RESULT_LIMIT": "0",
        "SHARE_LINKS": "perhaps",
        "SHARE_DAYS": "0",
        "IMPORT_MB": "-1",
        "LOG_LEVEL": "LOUD",
        "LOG_FORMAT": "xml",
        "METRICS_TOKEN": "short",
        "METRICS_PORT": "70000",
        "METRICS_HOST": "everywhere",
        "READ_ONLY": "perhaps",
        "PEOPLE_WITHOUT_SCOPE": "some",
        "LOCAL_ACCOUNTS": "off",
        "MFA_REQUIRED": "everybody",
        "OIDC_ISSUER": "login.example.com",
        "OIDC_CLIENT_ID": "without an issuer",
        "OIDC_CLIENT_SECRET": "without an issuer",
        "OIDC_SCOPES": "profile",
        "OIDC_GROUPS": "sre",
        "REDACT_KEYS": "*",
        "HISTORY": "some",
        "KEEP_DAYS": "-1",
        "KEEP_MB": "lots",
        "PUSH_QUEUE_URL": "a-queue",
        "DECISIONS_DIR": "no/such/folder",
        "KEEP_ALIVE_HOURS": "-1",
        "PUBLIC_URL": "durascope.example.com",
        "EMAIL_URL": "mail.example.com:25",
        "EMAIL_FROM": "two@example.com, three@example.com",
        "NOTIFY_NETWORKS": "10.1.0.1/16",
        "AWS_ENDPOINT_URL_LAMBDA": "somewhere",
        "AWS_ENDPOINT_URL_SQS": "somewhere",
    }
    takes_any_text = {"ALLOWED_HOSTS", "OIDC_NAME", "OIDC_USERNAME_CLAIM", "OIDC_GROUPS_CLAIM"}
    assert set(wrong) | takes_any_text == set(env.VARIABLES)
    for name, value in wrong.items():
        with pytest.raises(env.BadEnvironment) as raised:
            env.read({name: value})
        assert name in str(raised.value) and "\n" not in str(raised.value)


@cache
def _read_by_the_sdk() -> str:
    package = Path(botocore.__file__).parent
    names = ("configprovider.py", "credentials.py", "session.py", "utils.py", "httpsession.py")
    return (
        "".join((package / name).read_text() for name in names)
        + (ROOT / "executions/gateway/connections.py").read_text()
    )


def test_every_aws_variable_in_configuration_is_one_that_is_read() -> None:
    for row in _rows(_section("docs/configuration.md", "## AWS's standard variables")):
        assert re.search(rf"\b{_code(row[0])}\b", _read_by_the_sdk()), row[0]


# --- iam.md ---


def _called() -> dict[str, set[str]]:
    """The IAM actions of the gateway's calls: those through `act` change something, the others read."""
    names = {xform_name(name): f"lambda:{name}" for name in get_session().get_service_model("lambda").operation_names}
    names["invoke"] = "lambda:InvokeFunction"
    called: dict[str, set[str]] = {"Read": set(), "Act": set()}
    for node in ast.parse(Path(lambda_api.__file__).read_text()).body:
        source = ast.unparse(node)
        methods = re.findall(r"connection\.client\.(\w+)", source)
        called["Act" if " act(connection" in source else "Read"] |= {names[method] for method in methods}
    methods = re.findall(r"queue\.client\.(\w+)", Path(queue.__file__).read_text())
    # IAM knows one action for a message and for a batch of them.
    names = {xform_name(name): f"sqs:{name}" for name in get_session().get_service_model("sqs").operation_names}
    called["Push"] = {names[method].removesuffix("Batch") for method in methods}
    return called


def _policy(heading: str) -> list[dict[str, Any]]:
    block = re.search(r"```json\n(.*?)```", _section("docs/iam.md", f"## {heading}"), re.DOTALL)
    assert block
    statements: list[dict[str, Any]] = json.loads(block[1])["Statement"]
    return statements


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("heading", ["Read", "Act"])
def test_iam_grants_exactly_what_the_gateway_calls(heading: str) -> None:
    granted = [action for statement in _policy(heading) for action in _listed(statement["Action"])]
    assert sorted(granted) == sorted(_called()[heading])


@pytest.mark.parametrize(("heading", "grants"), [("Read", policy.READ), ("Act", policy.ACT)])
def test_iam_shows_the_policy_that_the_page_of_connections_fills_in(heading: str, grants: Any) -> None:
    assert _policy(heading) == policy.document(grants)["Statement"]


def test_iam_grants_exactly_what_the_gateway_asks_of_the_push_queue() -> None:
    queue_itself, dead_letters = _policy("Push")
    assert set(queue_itself["Action"]) == _called()["Push"]
    assert dead_letters["Action"] == "sqs:GetQueueAttributes"
    shown = policy.document((), queue="arn:aws:sqs:REGION:ACCOUNT:QUEUE")
    assert shown["Statement"] == [queue_itself, dead_letters]
    template = _text("demo/push.yaml")
    granted = re.search(r"^  DashboardPushPolicy:\n(.*?)(?=^\S)", template, re.MULTILINE | re.DOTALL)
    assert granted and set(re.findall(r"(?:- |Action: )(sqs:\w+)$", granted[1], re.MULTILINE)) == _called()["Push"]


def test_the_push_rule_lets_in_what_is_understood() -> None:
    template, document = _text("demo/push.yaml"), _text("docs/push.md")
    for words in (pushes.STATUS_SOURCE, pushes.STATUS_TYPE, pushes.HINT_TYPE):
        assert f"[{words}]" in template and words in document


def test_the_hint_that_the_document_shows_is_understood() -> None:
    example = re.search(r"```json\n(.*?)```", _section("docs/push.md", "## Callback hints"), re.DOTALL)
    assert example
    body = example[1].replace("REGION", "eu-west-1").replace("ACCOUNT", "123456789012")
    assert isinstance(pushes.parse(body), pushes.CallbackHint)


@pytest.mark.parametrize("heading", ["Read", "Act", "Push"])
def test_iam_says_of_every_action_why(heading: str) -> None:
    explained = {_code(row[0]) for row in _rows(_section("docs/iam.md", f"## {heading}"))}
    assert explained == _called()[heading]


def test_iam_names_resources_in_the_forms_that_aws_matches() -> None:
    for statement in [*_policy("Read"), *_policy("Act")]:
        resources, actions = _listed(statement["Resource"]), set(_listed(statement["Action"]))
        if "lambda:ListFunctions" in actions:
            assert resources == ["*"] and len(actions) == 1
        elif "lambda:ListDurableExecutionsByFunction" in actions:
            assert {resource.endswith(":*") for resource in resources} == {True, False}
        else:
            assert all(resource.endswith(":*") for resource in resources)


@pytest.mark.parametrize("heading", ["Read", "Act"])
def test_the_demo_s_template_grants_the_same(heading: str) -> None:
    template = ROOT / "demo" / "template.yaml"
    policy = re.search(rf"^  Dashboard{heading}Policy:\n(.*?)(?=^  \S)", template.read_text(), re.MULTILINE | re.DOTALL)
    assert policy, f"demo/template.yaml has no Dashboard{heading}Policy"
    granted = re.findall(r"^\s+(?:- |Action: )(lambda:\w+)$", policy[1], re.MULTILINE)
    assert sorted(granted) == sorted(_called()[heading])


# --- architecture.md ---


def test_every_path_of_the_architecture_exists() -> None:
    for row in _rows(_section("docs/architecture.md", "## Where things are")):
        assert (ROOT / _code(row[0])).exists(), row[0]


def _addresses() -> set[str]:
    """Every URL, with its parameters as <id>, in the way that the document writes them."""
    patterns = [str(pattern.pattern) for pattern in get_resolver().url_patterns]
    return {"/" + re.sub(r"<(?:\w+:)?\w+>", "<>", pattern) for pattern in patterns}


def test_every_address_of_the_architecture_exists() -> None:
    for row in _rows(_section("docs/architecture.md", "## Addresses")):
        address = _code(row[0])
        assert re.sub(r"<[^>]+>", "<>", address) in _addresses(), address


def test_the_picture_says_in_words_what_it_shows() -> None:
    picture = _text("docs/architecture.svg")
    assert "<title" in picture and "<desc" in picture and "prefers-color-scheme: dark" in picture


# --- unverified.md ---


def test_every_open_question_says_what_we_assume_how_to_check_it_and_what_to_change() -> None:
    questions = re.split(r"^### ", _text("docs/unverified.md"), flags=re.MULTILINE)[1:]
    assert len(questions) >= 20
    for question in questions:
        for part in ("- **We take it that**", "- **Check**:", "- **Otherwise**:"):
            assert part in question, f"{question.splitlines()[0]}: {part}"


def test_the_code_that_an_open_question_names_exists() -> None:
    text = _text("docs/unverified.md")
    for path in re.findall(r"`((?:executions|dashboard|demo)/[\w/]+\.\w+)`", text):
        assert (ROOT / path).is_file(), path
    for name, path in re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", text):
        assert re.search(rf"\b{name}\b", _text(path)), f"{name} in {path}"


# --- README.md, and all ---


def test_readme_s_make_commands_exist_and_the_makefile_stays_small() -> None:
    targets = re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE)
    named = {
        name for document in DOCUMENTS for name in re.findall(r"(?:`|^)make (\w+)", document.read_text(), re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= set(targets)
    assert len(targets) <= 10


def test_every_management_command_in_the_documents_exists() -> None:
    texts = [document.read_text() for document in DOCUMENTS] + [_text("docker-compose.yml")]
    named = {name for text in texts for name in re.findall(r"manage\.py (\w+)", text)}
    assert named and named <= set(get_commands())


def test_readme_tells_the_roles_that_there_are_and_what_they_may() -> None:
    rows = {_code(row[0]): row[1:] for row in _rows(_text("README.md"))}
    assert set(rows) == set(ROLES)
    for role, permissions in ROLES.items():
        may = [
            "executions.view_execution" in permissions,
            {
                "executions.stop_executions",
                "executions.pause_executions",
                "executions.heartbeat_callbacks",
                "executions.read_audit",
            }
            <= set(permissions),
            "executions.answer_callbacks" in permissions,
            {"executions.start_executions", "executions.remove_executions", "executions.act_in_bulk"}
            <= set(permissions),
        ]
        assert [cell == "yes" for cell in rows[role]] == may, role


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text()):
        if not link.startswith(("https://", "#")):
            assert (document.parent / link.partition("#")[0]).exists(), link


def test_readme_leads_to_every_document() -> None:
    linked = {ROOT / link for link in LINK.findall(_text("README.md"))}
    assert {path for path in DOCUMENTS if path.name != "README.md"} <= linked


def test_the_licence_is_the_one_that_the_project_declares() -> None:
    assert "Apache License\n                           Version 2.0, January 2004" in _text("LICENSE")
    assert 'license = "Apache-2.0"' in _text("pyproject.toml")
