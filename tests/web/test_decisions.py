"""The decision forms in the web: writing, trying, changing, removing and exporting them, and who did."""

import html
import tomllib
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from executions import decision_forms
from executions.models import ActionRecord, DecisionForm
from tests import factories
from tests.web.test_answer import hidden

pytestmark = [pytest.mark.web, pytest.mark.django_db]
SCHEMA = '{"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number", "maximum": 10.50}}}'


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(factories.user("admin", "root"))
    return client


def typed(**values: Any) -> dict[str, Any]:
    """A whole form as a browser sends it, with two empty rows."""
    given = {
        "token": str(uuid.uuid4()),
        "name": "refund",
        "title": "Refund",
        "functions": "refund-*",
        "callbacks": "manager approval",
        "raw": "on",
        "one_refusal_ends": "on",
        "approvals": "1",
        "answers-TOTAL_FORMS": "1",
        "answers-INITIAL_FORMS": "0",
        "shown-TOTAL_FORMS": "1",
        "shown-INITIAL_FORMS": "0",
        "do": "save",
    }
    return {name: value for name, value in {**given, **values}.items() if value is not None}


def page(client: Client, url: str, data: dict[str, Any] | None = None) -> str:
    answer = client.get(url) if data is None else client.post(url, data, follow=True)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_a_form_that_was_written_is_in_force_and_on_record(admin: Client) -> None:
    data = typed(
        schema=SCHEMA,
        instructions="Look **twice**.",
        approvals="2",
        reason="as agreed",
        **{
            "answers-0-label": "Ten",
            "answers-0-result": '{"amount": 10}',
            "shown-0-label": "Customer",
            "shown-0-pointer": "/customer",
        },
    )
    assert "“refund” is in force" in page(admin, "/decisions/new/", data)
    callback = factories.callback(factories.execution(factories.function("refund-eu")), name="manager approval")
    form = decision_forms.form_of(callback)
    assert form and (form.approvals, form.answers[0].result, form.show[0].pointer) == (2, '{"amount": 10}', "/customer")
    record = ActionRecord.objects.get()
    assert (record.kind, record.username, record.reason) == ("write_form", "root", "as agreed")
    assert record.request["Form"] == "refund" and record.request["Before"] is None
    assert "wrote a decision form" in page(admin, "/audit/")
    listed = page(admin, "/decisions/")
    assert "Refund" in listed and "2 approvals" in listed and "1</td>" in listed


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "Not a name"}, "small letters, digits and dashes"),
        ({"name": "new"}, "small letters, digits and dashes"),
        ({"title": ""}, "This field is required"),
        ({"schema": "{"}, "not JSON"),
        ({"schema": '{"type": "nonsense"}'}, "does not compile"),
        ({"schema": '{"$ref": "#/nowhere"}'}, "not in it"),
        ({"approvals": "0"}, "greater than or equal to 1"),
        ({"raw": None}, "nobody could ever approve"),
        ({"answers-0-label": "Ten", "answers-0-result": "{"}, "not JSON"),
        ({"answers-0-label": "Ten"}, "either a result or an error_type"),
        ({"answers-0-label": "Ten", "answers-0-result": '"{\\"a\\": 1}"'}, "quoted twice"),
        ({"schema": SCHEMA, "answers-0-label": "A", "answers-0-result": '{"amount": 11}'}, "does not fit the schema"),
        ({"shown-0-pointer": "amount"}, "begins with a slash"),
        ({"answers-TOTAL_FORMS": "x"}, "Nothing was saved"),
    ],
)
def test_mistakes_are_said_and_nothing_typed_is_lost(admin: Client, values: dict[str, Any], words: str) -> None:
    shown = page(admin, "/decisions/new/", typed(instructions="my <b>words</b>", **values))
    assert words in shown and "my <b>words</b>" in shown
    assert not DecisionForm.objects.exists() and not ActionRecord.objects.exists()


def test_several_mistakes_are_said_at_once(admin: Client) -> None:
    shown = page(admin, "/decisions/new/", typed(schema="{", name="No", **{"shown-0-pointer": "x"}))
    for words in ("small letters", "not JSON", "begins with a slash"):
        assert words in shown


def test_a_change_says_what_was_there_before(admin: Client) -> None:
    page(admin, "/decisions/new/", typed())
    seen = hidden(admin.get("/decisions/refund/").content.decode())["seen"]
    page(admin, "/decisions/refund/", typed(name=None, seen=seen, approvals="3", reason="more eyes"))
    assert DecisionForm.objects.get().values["approvals"] == 3
    shown = page(admin, "/decisions/refund/")
    assert "more eyes" in shown and "<summary>approvals</summary>" in shown
    assert ActionRecord.objects.latest("pk").request["Before"]["approvals"] == 1


def test_of_two_who_change_it_at_once_the_second_is_told(admin: Client) -> None:
    page(admin, "/decisions/new/", typed())
    seen = hidden(admin.get("/decisions/refund/").content.decode())["seen"]
    other = Client()
    other.force_login(factories.user("admin", "eve"))
    page(other, "/decisions/refund/", typed(name=None, seen=seen, title="Eve's"))
    shown = page(admin, "/decisions/refund/", typed(name=None, seen=seen, title="Mine"))
    assert "eve has written it meanwhile" in shown and 'value="Mine"' in shown
    assert DecisionForm.objects.get().values["title"] == "Eve's"
    page(admin, "/decisions/refund/", typed(name=None, seen=hidden(shown)["seen"], title="Mine"))
    assert DecisionForm.objects.get().values["title"] == "Mine"


def test_what_was_removed_meanwhile_is_not_lost(admin: Client) -> None:
    page(admin, "/decisions/new/", typed())
    seen = hidden(admin.get("/decisions/refund/").content.decode())["seen"]
    page(admin, "/decisions/refund/remove/", {"token": str(uuid.uuid4()), "reason": "not needed"})
    assert not DecisionForm.objects.exists()
    assert ActionRecord.objects.latest("pk").kind == "remove_form"
    shown = page(admin, "/decisions/refund/", typed(name=None, seen=seen, title="Mine"))
    assert "removed meanwhile" in shown and 'value="Mine"' in shown and 'value="refund"' in shown


def test_a_name_that_is_taken_is_said(admin: Client) -> None:
    page(admin, "/decisions/new/", typed())
    assert "of that name already" in page(admin, "/decisions/new/", typed(title="Other"))
    assert DecisionForm.objects.get().values["title"] == "Refund"


def test_the_same_form_sent_twice_is_one_change(admin: Client) -> None:
    data = typed()
    for _ in range(2):
        page(admin, "/decisions/new/", data)
    assert ActionRecord.objects.count() == 1


def test_a_form_that_wrote_one_writes_no_other_and_is_not_said_to_have(admin: Client) -> None:
    values = typed(name="first", do="save")
    admin.post("/decisions/new/", values)
    said = page(admin, "/decisions/new/", {**values, "name": "second"})
    assert "already sent for something else" in said and DecisionForm.objects.get().name == "first"


def test_trying_shows_it_with_a_callback_and_saves_nothing(admin: Client) -> None:
    callback = factories.callback(factories.execution(factories.function("refund-eu"), name="order-7"))
    data = typed(do="try", name="", schema=SCHEMA, try_callback=str(callback.pk), **{"shown-0-pointer": "/customer"})
    shown = page(admin, "/decisions/new/", data)
    assert 'name="answer/amount"' in shown and "the input is not there" in shown
    shown = page(admin, "/decisions/new/", {**data, "answer/amount": "9.50"})
    assert '{"amount": 9.50}' in shown
    assert "11 is greater than the maximum" in page(admin, "/decisions/new/", {**data, "answer/amount": "11"})
    assert not DecisionForm.objects.exists()


def test_another_row_is_added_and_nothing_lost(admin: Client) -> None:
    shown = page(admin, "/decisions/new/", typed(do="more answers", **{"answers-0-label": "First"}))
    assert 'value="First"' in shown and 'name="answers-1-label"' in shown


def test_what_is_exported_is_a_file_that_makes_the_same_form(admin: Client) -> None:
    rows = {"answers-0-label": "No", "answers-0-error_type": "No", "shown-0-pointer": "/a"}
    page(admin, "/decisions/new/", typed(schema=SCHEMA, instructions='two\nlines and "quotes"', **rows))
    answer = admin.get("/decisions/refund.toml")
    assert answer["Content-Type"].startswith("text/plain") and "refund.toml" in answer["Content-Disposition"]
    assert 'lines and "quotes' in answer.content.decode(), "to be reviewed, it is as it was written"
    made = decision_forms.read("refund", tomllib.loads(answer.content.decode()))
    row = DecisionForm.objects.get()
    assert decision_forms.of_row(row) == decision_forms.read("refund", row.values, pk=row.pk)
    assert made.answers and made.instructions == 'two\nlines and "quotes"' and made.schema


@pytest.mark.parametrize("text", ['a\n"', '"\nb', '"""\n', 'a\n\\"b', '\\\n""', '"a"\n"" """" \\"'])
def test_no_text_is_changed_by_being_written_into_a_file(text: str) -> None:
    values = {"instructions": text, "answer": [{"label": text}], "title": 'one "line"'}
    assert tomllib.loads(decision_forms.as_file(values)) == values


@pytest.fixture
def a_file(tmp_path: Path, settings: Any) -> Any:
    (tmp_path / "from-file.toml").write_text('title = "From a file"\napprovals = 2\n')
    settings.DECISIONS_DIR = str(tmp_path)
    decision_forms.from_files.cache_clear()
    yield
    decision_forms.from_files.cache_clear()


@pytest.mark.usefixtures("a_file")
def test_a_file_is_shown_and_not_changed(admin: Client) -> None:
    shown = page(admin, "/decisions/from-file/")
    assert 'title = "From a file"' in shown and 'value="save"' not in shown
    assert "in force" in page(admin, "/decisions/new/", typed(name="from-file"))
    assert not DecisionForm.objects.exists()
    assert 'value="From a file"' in page(admin, "/decisions/new/?like=from-file")
    assert admin.get("/decisions/from-file.toml").status_code == 200


@pytest.mark.parametrize("path", ["", "new/", "refund/", "refund/remove/", "refund.toml"])
def test_only_admins_write_them(client: Client, path: str) -> None:
    client.force_login(factories.user("approver"))
    assert client.get(f"/decisions/{path}").status_code == 403
    assert client.post(f"/decisions/{path}", typed()).status_code == 403
    assert not DecisionForm.objects.exists()


def test_nothing_is_written_where_nothing_may_change(admin: Client, settings: Any) -> None:
    settings.READ_ONLY = True
    assert admin.get("/decisions/").status_code == 200
    assert admin.post("/decisions/new/", typed()).status_code == 403


def test_one_that_is_not_there_is_a_404(admin: Client) -> None:
    assert admin.get("/decisions/nothing/").status_code == 404
    assert admin.get("/decisions/nothing.toml").status_code == 404
    assert "removed already" in page(admin, "/decisions/nothing/remove/", {"token": str(uuid.uuid4()), "reason": ""})
