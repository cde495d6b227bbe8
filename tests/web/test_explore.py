"""Looking around in one payload: the tree branch by branch, the text in pages, the search."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution
from tests import histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOSTILE = '"><script>alert(1)</script>'


def of(payload: str, **more: Any) -> Execution:
    script = histories.Script()
    script.started(payload=payload)
    script.ended()
    script.events[0]["ExecutionStartedDetails"]["Input"].update(more)
    return stored.execution(script.events)


def look(client: Client, execution: Execution, query: str = "", status: int = 200) -> str:
    response = client.get(f"/executions/{execution.pk}/events/1/explore/{query}")
    assert response.status_code == status
    return unescape(response.content.decode())


def labels(html: str) -> list[str]:
    return re.findall(r'<span class="k">(.*?)</span>', html)


def large() -> str:
    rows = [{"id": n, "big": 12345678901234567890 + n, "text": f"roast {n}"} for n in range(60_000)]
    return json.dumps({"rows": rows})


def test_six_megabytes_open_with_a_few_rows(as_viewer: Client) -> None:
    payload = large() + " " * 2_500_000
    execution = of(payload)
    page = as_viewer.get(f"/executions/{execution.pk}/payloads/").content.decode()
    assert f"/executions/{execution.pk}/events/1/explore/?part=branch" in page and len(page) < 60_000
    html = look(as_viewer, execution)
    assert labels(html) == ['"rows"'] and "60,000 items" in html and len(html) < 60_000


def test_a_wide_branch_comes_in_windows_that_fall_into_smaller_ones(as_viewer: Client) -> None:
    execution = of(large())
    first = labels(look(as_viewer, execution, "?part=branch&path=/rows"))
    assert first[0] == "0 … 9,999" and first[-1] == "50,000 … 59,999" and len(first) == 6
    second = labels(look(as_viewer, execution, "?part=branch&path=/rows&from=50000&to=60000"))
    assert len(second) == 100 and second[-1] == "59,900 … 59,999"
    third = look(as_viewer, execution, "?part=branch&path=/rows&from=59900&to=60000")
    assert labels(third)[0] == "59900" and "12345678901234627889" in third


def test_search_opens_the_way_to_each_match(as_viewer: Client) -> None:
    execution = of(large())
    html = look(as_viewer, execution, "?q=roast+4711")
    assert "1 of 11 matches" in html and html.count('id="hit"') == 1
    assert re.search(r'id="hit".*?/rows/4711/text', html, re.DOTALL) and "hit=2" in html
    html = look(as_viewer, execution, "?q=roast+4711&hit=11")
    assert "11 of 11 matches" in html and re.search(r'id="hit".*?/rows/47119/text', html, re.DOTALL)
    assert "next match" not in html
    assert "nothing found" in look(as_viewer, execution, "?q=nowhere")
    assert "the first 1,000 matches" in look(as_viewer, execution, "?q=roast")


def test_a_branch_without_javascript_is_a_page_of_its_own(as_viewer: Client) -> None:
    html = look(as_viewer, of('{"a/b": {"c": [1, 2]}}'), "?path=/a~1b")
    assert labels(html) == ['"c"'] and "[1, 2]" in html and ">a/b</a>" in html


def test_paths_and_values_can_be_copied(as_viewer: Client) -> None:
    html = look(as_viewer, of('{"order": {"n": 12345678901234567890, "tea": "green"}}'), "?path=/order")
    assert 'data-copy="/order/n"' in html and 'data-copy="12345678901234567890"' in html
    assert 'data-copy="green"' in html


def test_json_in_a_string_is_read_when_asked(as_viewer: Client) -> None:
    execution = of(json.dumps({"body": '{"n": 12345678901234567890}', "odd": "{not JSON}"}))
    html = look(as_viewer, execution)
    assert html.count("read as JSON") == 2 and "?part=branch&path=%2Fbody%2F~json" in html
    assert "12345678901234567890" in look(as_viewer, execution, "?part=branch&path=/body/~json")
    assert "This is not JSON" in look(as_viewer, execution, "?part=branch&path=/odd/~json")


def test_a_long_text_comes_in_pages_that_join_to_the_whole(as_viewer: Client) -> None:
    text = "".join(f"line {n} <b>&amp;\n" for n in range(9_000))
    execution, seen = of(text), ""
    for page in range(1, 6):
        html = as_viewer.get(f"/executions/{execution.pk}/events/1/explore/?view=text&page={page}").content.decode()
        found = re.search(r'<pre class="code" id="payload-text"[^>]*>\n(.*?)</pre>', html, re.DOTALL)
        assert found and f"page {page} of" in html
        seen += unescape(found.group(1))
    assert seen == text


def test_search_in_a_text_goes_to_the_page_of_the_match(as_viewer: Client) -> None:
    execution = of("x" * 100_000 + "Needle" + "y" * 100_000)
    html = look(as_viewer, execution, "?q=needle")
    assert "1 of 1 match" in html and '<mark class="is-current" id="hit">Needle</mark>' in html and "page 3 of" in html


def test_type_tags_are_decoded_and_shown_as_they_are_on_request(as_viewer: Client) -> None:
    execution = of('{"t":"m","v":{"ok":{"t":"b","v":true}}}')
    assert labels(look(as_viewer, execution)) == ['"ok"'] and "?tags=raw" in look(as_viewer, execution)
    assert labels(look(as_viewer, execution, "?tags=raw")) == ['"t"', '"v"']
    stored_text = look(as_viewer, execution, "?view=stored")
    assert '{"t":"m","v":{"ok":{"t":"b","v":true}}}' in stored_text


def test_secrets_are_neither_shown_nor_found(as_viewer: Client) -> None:
    execution = of('{"token": "hunter2", "body": "{\\"password\\": \\"hunter3\\"}", "tea": "green"}')
    everything = ["", "?view=text", "?view=stored", "?tags=raw", "?path=/body", "?part=branch&path=/body/~json"]
    for query in everything:
        assert "hunter" not in look(as_viewer, execution, query)
    assert "2 values are hidden" in look(as_viewer, execution)
    assert "nothing found" in look(as_viewer, execution, "?q=unter2")


def test_a_cut_payload_says_so(as_viewer: Client) -> None:
    assert "AWS has cut this payload" in look(as_viewer, of('{"token": "hunter2", "a": "cut he', Truncated=True))


def test_hostile_keys_and_values_are_escaped(as_viewer: Client) -> None:
    execution = of(json.dumps({HOSTILE: HOSTILE, "deep": {HOSTILE: [HOSTILE]}}))
    for query in (
        "",
        "?view=text",
        "?q=alert",
        f"?path={quote('/' + HOSTILE.replace('/', '~1'))}",
        f"?q={quote(HOSTILE)}",
    ):
        response = as_viewer.get(f"/executions/{execution.pk}/events/1/explore/{query}")
        assert b"<script>alert" not in response.content


@pytest.mark.parametrize("query", ["?path=/no", "?path=/rows/9", "?part=branch&path=/no", "?path=" + "/a" * 5_000])
def test_a_path_that_leads_nowhere_is_not_found(as_viewer: Client, query: str) -> None:
    look(as_viewer, of('{"rows": [1]}'), query, 404 if len(query) < 1_000 else 200)


@pytest.mark.parametrize(
    "query", ["?hit=-1", "?hit=9999999999999", "?page=x", "?from=5&to=1", "?from=9", "?view=?", "?q=%00"]
)
def test_odd_values_in_the_address_are_taken_for_the_nearest_good_ones(as_viewer: Client, query: str) -> None:
    look(as_viewer, of('{"rows": [1, 2]}'), query)


def test_an_event_without_a_payload_is_not_found_and_a_stranger_sees_nothing(
    as_viewer: Client, nobody: User, login: Any
) -> None:
    execution = of("{}")
    assert as_viewer.get(f"/executions/{execution.pk}/events/99/explore/").status_code == 404
    assert login(nobody).get(f"/executions/{execution.pk}/events/1/explore/").status_code == 403


@pytest.mark.parametrize(
    "payload", ["", "7", '"text"', "null", "[]", "{}", "[[[[]]]]", '{"a":1,"a":2}', "[" * 200 + "]" * 200]
)
def test_every_shape_opens(as_viewer: Client, payload: str) -> None:
    for query in ("", "?view=text", "?view=stored", "?q=a"):
        look(as_viewer, of(payload), query)
