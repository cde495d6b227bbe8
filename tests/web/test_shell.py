"""What surrounds every page: banners and the age of the data."""

import datetime as dt
import re

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from dashboard.templatetags.durascope import time_tag
from executions.models import Trouble
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def trouble(scope: str, kind: str = "unreachable", seconds: int = 60) -> Trouble:
    return Trouble.objects.create(
        connection=factories.connection(),
        scope=scope,
        kind=kind,
        words=f"AWS cannot be reached to {scope}: <b>no route</b>.",
        remedy="Check the network.",
        since=factories.ago(seconds),
    )


def test_a_banner_says_what_is_wrong_with_which_connection_since_when_and_what_to_do(as_viewer: Client) -> None:
    found = trouble("list functions")
    page = as_viewer.get("/").content.decode()
    assert "Connection default (eu-west-1): AWS cannot be reached to list functions" in page
    assert "Check the network. What you see is the mirror&#x27;s last state." in page
    assert f'datetime="{found.since:%Y-%m-%dT%H:%M:%S}' in page
    assert "&lt;b&gt;no route" in page and "<b>no route" not in page


def test_a_page_that_stays_open_learns_of_trouble_and_of_its_end(as_viewer: Client) -> None:
    headers = {"HX-Request": "true"}
    banners = r'<hx-partial hx-target="#banners"[^>]*>(.*?)</hx-partial>'
    assert re.findall(banners, as_viewer.get("/shell/", headers=headers).content.decode(), re.S) == ["\n"]
    found = trouble("list functions")
    assert "AWS cannot be reached" in as_viewer.get("/shell/", headers=headers).content.decode()
    found.delete()
    assert "banner-" not in as_viewer.get("/shell/", headers=headers).content.decode()


def test_the_same_trouble_with_many_calls_is_one_banner(as_viewer: Client) -> None:
    for number in range(9):
        trouble(f"list executions of f-{number}", seconds=100 - number)
    trouble("read histories of f-1", kind="denied")
    page = as_viewer.get("/").content.decode()
    assert page.count('class="banner banner-') == 2
    assert "The same goes for 8 other kinds of calls." in page


def test_without_trouble_there_is_no_banner_and_the_age_is_that_of_the_oldest_list(as_viewer: Client) -> None:
    factories.function(listed_at=factories.ago(5))
    oldest = factories.function(listed_at=factories.ago(300))
    factories.function(listed_at=factories.ago(9000), gone_at=factories.ago(8000))
    page = as_viewer.get("/").content.decode()
    assert "banner-" not in page
    assert oldest.listed_at is not None
    assert "dot-bad" in page
    assert f'datetime="{oldest.listed_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}' in page


@given(epoch=st.floats(0, 4e9))
def test_a_time_is_the_same_to_the_millisecond_in_its_text_and_in_what_the_browser_writes_again(epoch: float) -> None:
    html = time_tag(epoch, "clock")
    told = dict(re.findall(r'(datetime|data-epoch)="([^"]+)"', html))
    moment = dt.datetime.fromisoformat(told["datetime"])
    assert html.endswith(f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}</time>")
    since = dt.timedelta(milliseconds=round(float(told["data-epoch"]) * 1000))
    assert dt.datetime.fromtimestamp(0, dt.UTC) + since == moment
