"""`/functions/` and `/functions/<id>/`."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages.functions import console_url
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def html(client: Client, url: str = "/functions/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("url", ["/functions/", "/functions/1/"])
def test_somebody_who_is_not_logged_in_logs_in_first(anonymous: Client, url: str) -> None:
    assert anonymous.get(url)["Location"] == f"/login/?next={url}"


def test_without_a_role_nothing_is_shown(nobody: User, login: Callable[[User], Client]) -> None:
    function = factories.function()
    for url in ("/functions/", f"/functions/{function.pk}/"):
        assert login(nobody).get(url).status_code == 403


def test_the_list_shows_how_each_function_is_configured(as_viewer: Client) -> None:
    function = factories.function("coffee-order", description="One coffee", memory_mb=1024, timeout_seconds=90)
    factories.execution(function, "FAILED")
    page = html(as_viewer)
    for words in ("coffee-order", "One coffee", "python3.13", "1,024 MB", "1 m 30 s", "1 d", "14 d"):
        assert words in page
    assert f'href="/functions/{function.pk}/"' in page
    assert 'href="/executions/?function=coffee-order&amp;status=FAILED"' in page


def test_a_function_that_aws_no_longer_lists_is_marked(as_viewer: Client) -> None:
    function = factories.function(gone_at=factories.ago(days=1))
    assert "gone at AWS" in html(as_viewer)
    assert "gone at AWS" in html(as_viewer, f"/functions/{function.pk}/")


def test_what_aws_did_not_say_is_a_dash(as_viewer: Client) -> None:
    function = factories.function(
        memory_mb=None,
        timeout_seconds=None,
        execution_timeout_seconds=None,
        retention_days=None,
        listed_at=None,
        runtime="",
    )
    assert ">–</td>" in html(as_viewer)
    assert "not yet" in html(as_viewer, f"/functions/{function.pk}/")


def test_an_empty_mirror_says_whether_anybody_has_looked(as_viewer: Client) -> None:
    assert "Nothing is mirrored yet" in html(as_viewer)
    factories.connection()
    assert "There are no durable functions" in html(as_viewer)


def test_a_function_shows_everything_and_its_latest_executions(as_viewer: Client) -> None:
    function = factories.function("coffee-order", kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1")
    rows = factories.executions(function, 12, version="7")
    other = factories.execution(factories.function())
    page = html(as_viewer, f"/functions/{function.pk}/")
    for words in (function.arn, f'data-copy="{function.arn}"', "key/1", ">7<", "12 succeeded", "eu-west-1.console"):
        assert words in page
    assert page.count("data-execution-id=") == 10
    assert f'data-execution-id="{rows[0].pk}"' in page
    assert f'data-execution-id="{other.pk}"' not in page


@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_a_function_that_is_not_there_is_not_found(as_viewer: Client, number: int) -> None:
    assert as_viewer.get(f"/functions/{number}/").status_code == 404


def test_hostile_words_are_text(as_viewer: Client) -> None:
    evil = "<script>alert(1)</script>\u202e"
    function = factories.function(evil, description=evil, runtime=evil, modified_at=evil, kms_key_arn=evil)
    factories.callback(factories.execution(function, name=evil, version=evil), name=evil)
    for url in ("/functions/", f"/functions/{function.pk}/"):
        assert "<script>alert" not in html(as_viewer, url)


def test_the_last_change_is_a_time_like_any_other(as_viewer: Client) -> None:
    function = factories.function(modified_at="2026-11-23T23:23:56.000+0000")
    assert 'datetime="2026-11-23T23:23:56' in html(as_viewer, f"/functions/{function.pk}/")
    odd = factories.function(modified_at="yesterday")
    assert "<dd>yesterday</dd>" in html(as_viewer, f"/functions/{odd.pk}/")


def test_the_console_is_the_one_of_the_partition() -> None:
    assert console_url("arn:aws:lambda:eu-west-1:123456789012:function:a") == (
        "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/a"
    )
    assert "console.amazonaws.cn/" in console_url("arn:aws-cn:lambda:cn-north-1:123456789012:function:a")
    assert console_url("javascript:alert(1)") == ""


@pytest.mark.parametrize("count", [1, 30])
def test_the_pages_cost_a_fixed_number_of_queries(
    as_viewer: Client, django_assert_num_queries: Callable[..., object], count: int
) -> None:
    functions = [factories.function() for _ in range(count)]
    for function in functions:
        factories.callback(factories.execution(function))
    login, shell = 4, 3
    with django_assert_num_queries(login + shell + 4):
        html(as_viewer)
    with django_assert_num_queries(login + shell + 7):
        html(as_viewer, f"/functions/{functions[0].pk}/")


def test_functions_of_one_name_in_two_connections_are_not_mixed_up(as_viewer: Client) -> None:
    here, there = (
        factories.function("shop", connection=factories.connection(name=name), arn=f"arn:{name}")
        for name in ("east", "west")
    )
    mine, theirs = factories.execution(here, name="of-east"), factories.execution(there, name="of-west")
    page = html(as_viewer, f"/functions/{here.pk}/")
    assert mine.name in page and theirs.name not in page
    [all_of_them] = re.findall(r'href="(/executions/\?[^"]*)">\s*<svg.*?</svg>All its executions', page)
    listed = html(as_viewer, unescape(all_of_them))
    assert mine.name in listed and theirs.name not in listed
    assert '<strong>1</strong> <span class="muted">execution</span>' in listed
    counts = re.findall(r'class="st [^"]*" href="([^"]*)"', html(as_viewer))
    assert sorted(unescape(url) for url in counts) == [
        f"/executions/?function=shop&connection={name}&status=RUNNING" for name in ("east", "west")
    ]


def test_several_connections_are_told_apart_and_filtered_by(as_viewer: Client) -> None:
    for name in ("east", "west"):
        one = factories.function("shop", connection=factories.connection(name=name), arn=f"arn:{name}")
        factories.execution(one, name=f"of-{name}")
    for path in ("/functions/", "/executions/"):
        assert html(as_viewer, path).count('data-label="Connection"') == 2
        narrowed = html(as_viewer, f"{path}?connection=west")
        assert re.findall(r'data-label="Connection"><bdi>(\w+)<', narrowed) == ["west"]
        assert "no connection with this name" in html(as_viewer, f"{path}?connection=north%00")
    assert "of-west" in html(as_viewer, "/executions/?connection=west")


def test_where_there_is_one_connection_nothing_is_said_of_it(as_viewer: Client) -> None:
    factories.execution()
    for path in ("/functions/", "/executions/"):
        assert "Connection</" not in html(as_viewer, path)
