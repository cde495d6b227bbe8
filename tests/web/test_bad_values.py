"""Addresses and forms with values that nobody should send: a page or a sentence, and never a 500."""

import uuid
from urllib.parse import quote, unquote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.asked_for import here, whole
from executions.models import ShareLink
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HUGE = "9" * 5000
"""More digits than Python makes a number of."""


@pytest.mark.parametrize(
    "path",
    [
        "/functions/{function}/start/?from=" + HUGE,
        "/functions/{function}/start/?event=" + HUGE,
        "/bulk/new/?kind=stop&id=" + HUGE,
        "/inbox/together/?which=selection&id=" + HUGE,
        "/notifications/messages/?rule=" + HUGE,
        "/inbox/?callback=" + HUGE,
        "/people/?page=" + HUGE,
        "/people/?page=999999999999",
        "/executions/{execution}/compare/?with=" + HUGE,
        "/decisions/new/?callback=" + HUGE,
    ],
)
def test_a_number_of_any_length_is_no_error_of_ours(as_admin: Client, path: str) -> None:
    execution = factories.execution()
    answer = as_admin.get(path.format(function=execution.function_id, execution=execution.pk))
    assert answer.status_code in (200, 302, 404)


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("", None), ("-1", None), ("\u0663", None), (str(2**63), None)])
def test_a_whole_number_is_read(text: str, number: int | None) -> None:
    assert whole(text) == number and whole(HUGE) is None


@pytest.mark.parametrize(
    "address", ["", "xyz", "//evil.example/", "/\\evil.example", "https://evil.example/", "/\nx", "/\tx"]
)
def test_only_an_address_of_this_site_is_gone_to(address: str) -> None:
    assert here(address) == "" and here("/inbox/?a=b#c") == "/inbox/?a=b#c"


@pytest.mark.parametrize("back", ["xyz", "/\nx", "//evil.example/", "/inbox/"])
def test_revoking_a_share_link_leads_back_to_what_is_here(as_admin: Client, back: str) -> None:
    execution = factories.execution()
    link = factories.share_link(execution)
    answer = as_admin.post(f"/share-links/{link.pk}/revoke/", {"back": back})
    assert answer["Location"] == ("/inbox/" if back == "/inbox/" else "/share-links/")
    assert ShareLink.objects.get().revoked_at


@pytest.mark.parametrize("csrf", [True, False])
def test_a_form_in_another_charset_is_refused_without_a_traceback(
    admin: User, csrf: bool, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(admin)
    client.get("/people/")
    form = "application/x-www-form-urlencoded; charset=latin-1"
    answer = client.post(f"/people/{factories.user('viewer').pk}/switch/", b"to=off", content_type=form)
    assert answer.status_code == 400
    [line] = [record for record in caplog.records if record.name == "django.request"]
    assert line.levelname == "WARNING" and not line.exc_info


def test_a_login_leads_nowhere_that_is_no_address(client: Client) -> None:
    factories.user("viewer", "vera")
    answer = client.post("/login/?next=xyz", {"username": "vera", "password": "a password"})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("header", ["Referer", "HX-Current-URL"])
def test_a_share_form_is_there_wherever_somebody_comes_from(as_admin: Client, header: str) -> None:
    address = f"/executions/{factories.execution().pk}/share/"
    assert as_admin.get(address, headers={header: "http://[::1"}).status_code == 200


@pytest.mark.parametrize(("back", "led"), [("/%0Ax", ""), ("/inbox/?name=%C3%A9", "/inbox/?name=%C3%A9")])
def test_after_an_action_an_address_that_fits_no_header_is_not_gone_to(as_admin: Client, back: str, led: str) -> None:
    callback = factories.callback()
    own = f"/executions/{callback.execution_id}/"
    address = f"{own}callbacks/{callback.pk}/claim/?back={quote(unquote(back))}"
    sent = as_admin.post(address, {"token": str(uuid.uuid4()), "reason": ""}, headers={"HX-Request": "true"})
    assert (sent.status_code, sent["HX-Redirect"]) == (200, led or own)
