"""`/notifications/`: writing rules, testing them, what is shown of them and to whom, and the log of messages."""

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.utils import timezone

from executions.actions import notice_rules
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
from executions.domain.addresses import networks
from executions.models import ActionRecord, Delivery, Notice, NoticeRule
from executions.notices import links, sealing, sending
from executions.notices.sending import End, Outcome
from executions.notices.terms import Wanted
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOOK = "https://hooks.example.com/services/T0/B0/a-secret-path"


def asked(**values: Any) -> dict[str, Any]:
    wanted = {
        "token": str(uuid.uuid4()),
        "name": "On call",
        "group": factories.team("payments", "refund*").pk,
        "events": ["opened", "failed"],
        "claimed_minutes": 60,
        "functions": "*",
        "connections": "*",
        "callbacks": "*",
        "gather_seconds": 60,
        "zone": "Europe/Vienna",
        "active": "on",
        "target": HOOK,
    }
    return {**wanted, **values}


def delivery(rule: NoticeRule, state: str = "failed", **values: Any) -> Delivery:
    now = timezone.now()
    return Delivery.objects.create(
        rule=rule, key=uuid.uuid4(), state=state, due_at=now, created_at=now, finished_at=now, attempts=1,
        words="The receiver refused it (404): look at its address.", **values,
    )  # fmt: skip


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    said = [Outcome(End.SENT, "The receiver took it (200).")]
    monkeypatch.setattr(sending, "send", lambda *_: said[0])
    return said


def test_a_rule_is_written_and_its_address_is_never_shown_again(as_admin: Client) -> None:
    page = as_admin.post("/notifications/new/slack/", asked(), follow=True).content.decode()
    rule = NoticeRule.objects.get()
    assert sealing.unseal(rule.target) == HOOK and "hooks.example.com" not in rule.target
    for path in ("/notifications/", f"/notifications/{rule.pk}/", "/audit/", "/notifications/messages/"):
        page += as_admin.get(path).content.decode()
    assert "https://hooks.example.com/…" in page and "a-secret-path" not in page
    record = ActionRecord.objects.get()
    assert record.kind == "notify" and "a-secret-path" not in str(record.request) + record.answer
    assert record.request["shown"] == "https://hooks.example.com/…"


def test_the_secret_of_a_signed_webhook_is_shown_once(as_admin: Client) -> None:
    page = as_admin.post("/notifications/new/webhook/", asked())
    [secret] = re.findall(r'id="secret">(whsec_[\w+/=]{32})<', page.content.decode())
    assert "no-store" in page["Cache-Control"]
    rule = NoticeRule.objects.get()
    assert sealing.unseal(rule.secret) == secret
    assert secret not in as_admin.get(f"/notifications/{rule.pk}/").content.decode()
    again = as_admin.post(f"/notifications/{rule.pk}/secret/", {"token": uuid.uuid4()})
    [other] = re.findall(r'id="secret">(whsec_[\w+/=]{32})<', again.content.decode())
    rule.refresh_from_db()
    assert secret != other == sealing.unseal(rule.secret)
    records = str(list(ActionRecord.objects.values_list("request", "answer")))
    assert secret not in records and other not in records


def test_sending_the_same_form_twice_writes_one_rule(as_admin: Client) -> None:
    wanted = asked()
    as_admin.post("/notifications/new/slack/", wanted)
    again = as_admin.post("/notifications/new/slack/", wanted, follow=True).content.decode()
    assert NoticeRule.objects.count() == 1 and "sent before" in again


@pytest.mark.parametrize(
    ("channel", "wrong", "said"),
    [
        ("slack", {"target": "ftp://example.com"}, "https://"),
        ("slack", {"target": "https://me:pw@example.com/"}, "name and password"),
        ("slack", {"target": "http://example.com/"}, "NOTIFY_NETWORKS"),
        ("slack", {"target": ""}, "required"),
        ("email", {"target": "ada@example.com, nonsense"}, "nonsense"),
        ("email", {"target": ", ".join(f"p{n}@example.com" for n in range(21))}, "mailing list"),
        ("slack", {"events": []}, "required"),
        ("slack", {"events": ["everything"]}, "not one of the available"),
        ("slack", {"zone": "Mars/Olympus"}, "time zone"),
        ("slack", {"quiet_from": "22:00"}, "both ends"),
        ("slack", {"quiet_from": "22:00", "quiet_to": "22:00"}, "the same"),
        ("slack", {"quiet_from": "25:00", "quiet_to": "07:00"}, "valid time"),
        ("slack", {"claimed_minutes": "0"}, "greater than or equal"),
        ("slack", {"functions": ""}, "required"),
        ("slack", {"functions": "x\x00y"}, "Null characters"),
        ("slack", {"group": "999999"}, "not one of the available"),
        ("slack", {"group": ""}, "required"),
        ("slack", {"gather_seconds": "7"}, "not one of the available"),
        ("slack", {"token": "x"}, "valid UUID"),
    ],
)
def test_a_bad_value_is_said_next_to_its_field_and_nothing_is_written(
    channel: str, wrong: dict[str, Any], said: str, as_admin: Client
) -> None:
    page = as_admin.post(f"/notifications/new/{channel}/", asked(**wrong))
    assert page.status_code == 200 and said in page.content.decode()
    assert not NoticeRule.objects.exists() and not ActionRecord.objects.exists()


def test_http_is_taken_where_a_network_is_named(as_admin: Client, settings: Any) -> None:
    settings.NOTIFY_NETWORKS = networks(["10.0.0.0/8"])
    as_admin.post("/notifications/new/webhook/", asked(target="http://10.1.2.3:9000/hook"))
    assert NoticeRule.objects.get().shown == "http://10.1.2.3:9000/…"


def test_a_changed_rule_keeps_its_address_and_begins_anew_only_where_it_covers_something_else(as_admin: Client) -> None:
    as_admin.post("/notifications/new/slack/", asked())
    rule = NoticeRule.objects.get()
    as_admin.post(f"/notifications/{rule.pk}/", asked(name="Renamed", target="", quiet_from="22:00", quiet_to="07:00"))
    renamed = NoticeRule.objects.get()
    assert (renamed.name, renamed.since, sealing.unseal(renamed.target)) == ("Renamed", rule.since, HOOK)
    assert "quiet 22:00 to 07:00, Europe/Vienna" in as_admin.get("/notifications/").content.decode()
    page = as_admin.get(f"/notifications/{rule.pk}/").content.decode()
    assert 'value="22:00"' in page and 'value="Europe/Vienna"' in page
    as_admin.post(f"/notifications/{rule.pk}/", asked(target="", events=["silent"]))
    assert NoticeRule.objects.get().since > rule.since


def test_switching_a_rule_off_drops_what_waited(as_admin: Client) -> None:
    rule = factories.notice_rule(channel="slack", group=factories.team("payments"))
    now = timezone.now()
    Notice.objects.create(rule=rule, event="failed", thing="execution 1", happened_at=now, found_at=now)
    one = delivery(rule, "waiting")
    as_admin.post(f"/notifications/{rule.pk}/", asked(target="", active=""))
    one.refresh_from_db()
    assert one.state == "unneeded" and Notice.objects.get().moot == "the rule was switched off"
    assert "off" in as_admin.get("/notifications/").content.decode()


def test_the_test_button_says_in_words_how_it_went(as_admin: Client, outcome: list[Outcome]) -> None:
    rule = factories.notice_rule()
    sent = {"token": str(uuid.uuid4())}
    page = as_admin.post(f"/notifications/{rule.pk}/test/", sent, follow=True).content.decode()
    assert "The test message was sent. The receiver took it (200)." in page and "a test" in page
    assert "sent before" in as_admin.post(f"/notifications/{rule.pk}/test/", sent, follow=True).content.decode()
    outcome[0] = Outcome(End.NEVER, "Nothing is sent to this receiver's address: it is not a public address.")
    page = as_admin.post(f"/notifications/{rule.pk}/test/", follow=True).content.decode()
    assert "The test message was not sent. Nothing is sent" in page
    assert Delivery.objects.filter(test=True).count() == 2
    assert ActionRecord.objects.filter(kind="notify_test").count() == 2


def test_a_test_by_e_mail_really_goes_out(as_admin: Client, settings: Any) -> None:
    settings.EMAIL_READY, settings.PUBLIC_URL = True, "https://d.example"
    as_admin.post("/notifications/new/email/", asked(target="ada@example.com grace@example.com"))
    rule = NoticeRule.objects.get()
    as_admin.post(f"/notifications/{rule.pk}/test/")
    [sent] = mail.outbox
    assert sent.to == ["ada@example.com", "grace@example.com"]
    assert f"https://d.example/notifications/{rule.pk}/" in str(sent.body)


def test_a_given_up_message_is_sent_again_by_a_button(as_admin: Client) -> None:
    rule = factories.notice_rule()
    one = delivery(rule)
    page = as_admin.get(f"/notifications/{rule.pk}/").content.decode()
    assert "look at its address" in page and "Send again" in page
    page = as_admin.post(f"/notifications/messages/{one.pk}/again/", follow=True).content.decode()
    one.refresh_from_db()
    assert one.state == "waiting" and "sent again within seconds" in page
    page = as_admin.post(f"/notifications/messages/{one.pk}/again/", follow=True).content.decode()
    assert "It is not sent again" in page
    assert ActionRecord.objects.filter(kind="notify_again").count() == 1


def test_a_form_that_was_sent_for_one_thing_does_nothing_else_unrecorded(
    as_admin: Client, outcome: list[Outcome]
) -> None:
    rule, other = factories.notice_rule(), factories.notice_rule()
    token = {"token": str(uuid.uuid4())}
    as_admin.post(f"/notifications/{rule.pk}/test/", token)
    failed = delivery(rule)
    for path in (f"/notifications/{other.pk}/remove/", f"/notifications/messages/{failed.pk}/again/"):
        response = as_admin.post(path, token)
        assert response.status_code == 400 and b"already sent for something else" in response.content
    failed.refresh_from_db()
    assert NoticeRule.objects.count() == 2 and failed.state == "failed" and ActionRecord.objects.count() == 1
    again = {"token": str(uuid.uuid4())}
    second = delivery(rule)
    as_admin.post(f"/notifications/messages/{failed.pk}/again/", again)
    Delivery.objects.filter(pk=failed.pk).update(state="sent")
    assert as_admin.post(f"/notifications/messages/{second.pk}/again/", again).status_code == 400
    second.refresh_from_db()
    assert second.state == "failed"


def test_removing_asks_first_and_stays_on_record(as_admin: Client) -> None:
    rule = factories.notice_rule(name="Old one")
    assert "Remove it" in as_admin.get(f"/notifications/{rule.pk}/remove/").content.decode()
    assert NoticeRule.objects.exists()
    page = as_admin.post(f"/notifications/{rule.pk}/remove/", follow=True).content.decode()
    assert not NoticeRule.objects.exists() and "is removed" in page
    assert "Old one" in ActionRecord.objects.get(kind="unnotify").answer


# --- who ---


def test_a_viewer_reads_rules_and_changes_nothing(as_viewer: Client) -> None:
    rule = factories.notice_rule()
    one = delivery(rule)
    page = as_viewer.get(f"/notifications/{rule.pk}/").content.decode()
    assert "Send a test" not in page and "/again/" not in page and "does not let you write" in page
    assert as_viewer.get("/notifications/").status_code == 200
    for path in (f"{rule.pk}/test/", f"{rule.pk}/secret/", f"{rule.pk}/remove/", f"messages/{one.pk}/again/"):
        assert as_viewer.post(f"/notifications/{path}").status_code == 403
    assert as_viewer.get("/notifications/new/slack/").status_code == 403
    assert as_viewer.post(f"/notifications/{rule.pk}/", asked()).status_code == 403
    assert not ActionRecord.objects.exists()


@pytest.fixture
def lead(db: None) -> User:
    """Of a team, who may write its rules."""
    who = factories.user("operator", "lead")
    team = factories.team("payments", "refund*")
    team.permissions.add(Permission.objects.get(codename="write_notices"))
    who.groups.add(team)
    return who


def test_another_team_s_rules_do_not_exist(lead: User, login: Any) -> None:
    theirs = factories.notice_rule(name="their rule", group=factories.team("coffee", "coffee*"))
    one = delivery(theirs)
    mine = factories.notice_rule(name="my rule", group=factories.team("payments"))
    client = login(lead)
    assert client.get(f"/notifications/{mine.pk}/").status_code == 200
    for path in (f"{theirs.pk}/", f"{theirs.pk}/remove/"):
        assert client.get(f"/notifications/{path}").status_code == 404
    for path in (f"{theirs.pk}/", f"{theirs.pk}/test/", f"{theirs.pk}/secret/", f"messages/{one.pk}/again/"):
        assert client.post(f"/notifications/{path}", asked()).status_code == 404
    pages = client.get("/notifications/").content + client.get("/notifications/messages/").content
    pages += client.get(f"/notifications/messages/?rule={theirs.pk}").content
    assert b"their rule" not in pages and b"my rule" in pages


def test_whoever_is_limited_writes_for_their_own_scoped_teams_only(lead: User, login: Any) -> None:
    client = login(lead)
    operators = factories.group("operator")  # theirs too, but without scopes: it may see more than they do
    for group in (factories.team("coffee", "coffee*"), operators):
        client.post("/notifications/new/slack/", asked(group=group.pk))
    assert not NoticeRule.objects.exists()
    client.post("/notifications/new/slack/", asked())
    assert NoticeRule.objects.get().group.name == "payments"
    wide = factories.notice_rule(group=operators)
    page = client.get(f"/notifications/{wide.pk}/").content.decode()
    assert "sees more than you do" in page and "Send a test" not in page
    assert client.post(f"/notifications/{wide.pk}/test/").status_code == 403


def test_a_rule_of_theirs_is_given_to_no_team_that_sees_more(lead: User, login: Any) -> None:
    mine, wide = factories.team("payments", "refund*"), factories.team("unlimited")
    lead.groups.add(wide)
    actor = Actor(lead, None, uuid.uuid4())
    for rule in (NoticeRule(channel="webhook"), factories.notice_rule(group=mine)):
        wanted = Wanted("r", wide, ["failed"], "*", "*", "*", 60, False, 60, None, None, "UTC", True, HOOK)
        with pytest.raises(NotAllowed, match="sees more than you do"):
            notice_rules.write(actor, rule, wanted, now=timezone.now())
    assert NoticeRule.objects.get().group == mine


def test_what_a_message_told_is_listed_only_as_far_as_it_may_be_seen(lead: User, login: Any, as_admin: Client) -> None:
    rule = factories.notice_rule(group=factories.group("operator"))
    one, now = delivery(rule, "sent", told=2), timezone.now()
    for name in ("refund", "coffee"):
        execution = factories.execution(factories.function(name), status="FAILED", name=f"{name}-order")
        Notice.objects.create(
            rule=rule, event="failed", thing=f"execution {execution.pk}", execution=execution, happened_at=now,
            found_at=now, delivery=one,
        )  # fmt: skip
    page = login(lead).get(f"/notifications/{rule.pk}/").content.decode()
    assert "refund-order" in page and "coffee-order" not in page
    assert "coffee-order" in as_admin.get("/notifications/messages/").content.decode()


def test_nothing_can_be_written_while_the_installation_is_read_only(as_admin: Client, settings: Any) -> None:
    settings.READ_ONLY = True
    rule = factories.notice_rule()
    assert as_admin.get("/notifications/new/slack/").status_code == 403
    for path in (f"{rule.pk}/test/", f"{rule.pk}/", f"{rule.pk}/remove/"):
        assert as_admin.post(f"/notifications/{path}", asked()).status_code == 403
    assert "read-only" in as_admin.get(f"/notifications/{rule.pk}/").content.decode()


# --- what is said, and odd addresses ---


def test_what_the_installation_lacks_is_said(as_admin: Client, settings: Any) -> None:
    settings.PUBLIC_URL, settings.EMAIL_READY = "", False
    factories.notice_rule(channel="email")
    page = as_admin.get("/notifications/").content.decode()
    assert "PUBLIC_URL" in page and "EMAIL_URL" in page
    settings.PUBLIC_URL, settings.EMAIL_READY = "https://d.example", True
    assert "PUBLIC_URL" not in as_admin.get("/notifications/").content.decode()


def test_hostile_names_are_shown_as_they_are(as_admin: Client) -> None:
    hostile = "<script>alert(1)</script>"
    as_admin.post("/notifications/new/slack/", asked(name=hostile, functions="<b>*"))
    for path in ("/notifications/", f"/notifications/{NoticeRule.objects.get().pk}/"):
        page = as_admin.get(path).content.decode()
        assert "<script>alert" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "path",
    ["new/pigeon/", "999999/", "99999999999999999999999/", "messages/99999999999999999999999/again/", "999999/test/"],
)
def test_what_is_not_there_is_a_404(path: str, as_admin: Client) -> None:
    method = as_admin.post if path.endswith(("again/", "test/")) else as_admin.get
    assert method(f"/notifications/{path}").status_code == 404


def test_only_signed_webhooks_have_secrets(as_admin: Client) -> None:
    rule = factories.notice_rule(channel="slack")
    assert as_admin.post(f"/notifications/{rule.pk}/secret/").status_code == 404


def test_the_log_is_filtered_and_paged(as_admin: Client) -> None:
    rule = factories.notice_rule()
    for _ in range(51):
        delivery(rule, "sent")
    bad = delivery(rule, "unsure")
    page = as_admin.get("/notifications/messages/").content.decode()
    assert page.count("data-delivery-id") == 50
    [older] = re.findall(r'href="([^"]+)" rel="next"', page)
    assert as_admin.get(older.replace("&amp;", "&")).content.decode().count("data-delivery-id") == 2
    trouble = as_admin.get("/notifications/messages/?show=trouble").content.decode()
    assert trouble.count("data-delivery-id") == 1 and f'data-delivery-id="{bad.pk}"' in trouble
    for odd in ("?older=nonsense", "?rule=abc", "?rule=99999999999999999999999", "?show=%00"):
        assert as_admin.get(f"/notifications/messages/{odd}").status_code == 200


@pytest.mark.parametrize("path", ["new/slack/", "1/", "1/test/", "1/secret/", "1/remove/", "messages/1/again/"])
def test_every_post_needs_a_csrf_token(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.user("admin"))
    assert client.post(f"/notifications/{path}", asked()).status_code == 403


def test_a_list_of_rules_asks_as_much_for_many_as_for_one(as_admin: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        delivery(factories.notice_rule(), "sent")
    with django_assert_max_num_queries(14):
        as_admin.get("/notifications/")


def test_a_message_about_a_callback_leads_whoever_may_to_the_form_that_decides_it(
    as_approver: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://d.example"
    callback = factories.callback()
    url = links.of(Notice(event="opened", callback=callback, execution=callback.execution))
    page = as_approver.get(url.removeprefix("https://d.example"))
    assert page.status_code == 200 and b"<form" in page.content and b"barista accepts" in page.content
    settings.PUBLIC_URL = ""
    assert links.of(Notice(event="opened", callback=callback, execution=callback.execution)) == ""
