"""Notifications: the rules, writing, testing and removing them, and the log of messages."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.forms.notices import RuleForm, TokenForm
from dashboard.pages.notices import LogPage, RulePage, RulesPage
from dashboard.views.lookup import address_of
from executions import queries
from executions.actions import notice_rules, permissions
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
from executions.models import Delivery, NoticeRule

ONCE = "This form was sent before: nothing was done again."


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "notices/index.html", {"page": RulesPage.of(request.user)})


@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    return render(request, "notices/deliveries.html", {"page": LogPage.of(request.user, request.GET)})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, channel: str) -> HttpResponse:
    if channel not in NoticeRule.Channel.values:
        raise Http404("There is no such channel.")
    if not (allowed := permissions.can_write_notices(request.user)):
        raise PermissionDenied(allowed.why)
    return _edit(request, NoticeRule(channel=channel))


@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    found = _rule_or_404(request, rule_id)
    if permissions.can_write_notices(request.user, found.group_id):
        return _edit(request, found)
    if request.method == "POST":
        raise PermissionDenied(permissions.can_write_notices(request.user, found.group_id).why)
    return render(request, "notices/rule.html", {"page": RulePage.of(request.user, found, None)})


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, rule_id: int) -> HttpResponse:
    """GET asks, POST removes."""
    found = _rule_or_404(request, rule_id)
    if not (allowed := permissions.can_write_notices(request.user, found.group_id)):
        raise PermissionDenied(allowed.why)
    if request.method != "POST":
        return render(request, "notices/remove.html", {"page": RulePage.of(request.user, found, None)})
    notice_rules.remove(_actor(request), found, now=timezone.now())
    messages.success(request, f"The rule “{found.name}” is removed.")
    return redirect("notices")


@require_POST
def test(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Sends a test message and says how it went: that may take some seconds."""
    found = _rule_or_404(request, rule_id)
    try:
        sent = notice_rules.test(_actor(request), found, clock=timezone.now)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from None
    if sent is None:
        messages.info(request, ONCE)
    elif sent.state == Delivery.State.SENT:
        messages.success(request, f"The test message was sent. {sent.words}")
    else:
        unsure = sent.state == Delivery.State.UNSURE
        said = "The test message was perhaps sent." if unsure else "The test message was not sent."
        messages.add_message(request, messages.WARNING if unsure else messages.ERROR, f"{said} {sent.words}")
    return redirect("notice-rule", rule_id=found.pk)


@require_POST
def secret(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Makes a new secret and shows it, this once."""
    found = _rule_or_404(request, rule_id)
    if found.channel != NoticeRule.Channel.WEBHOOK:
        raise Http404("Only what is signed has a secret.")
    try:
        made = notice_rules.new_secret(_actor(request), found, now=timezone.now())
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from None
    if not made:
        messages.info(request, ONCE)
        return redirect("notice-rule", rule_id=found.pk)
    return _shown(request, found, _form(request, found, None), secret=made)


@require_POST
def again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Has a message that was given up, or perhaps sent, sent once more."""
    number = delivery_id if delivery_id < 2**63 else 0
    rows = Delivery.objects.filter(rule__in=queries.notice_rules(request.user)).select_related("rule__group")
    if (found := rows.filter(pk=number).first()) is None:
        raise Http404("There is no such message, or it is not one of yours.")
    try:
        done = notice_rules.send_again(_actor(request), found, now=timezone.now())
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from None
    if done:
        messages.success(request, "It is sent again within seconds.")
    else:
        messages.warning(
            request, "It is not sent again: it is under way, another message of the rule is, or it is off."
        )
    return redirect("notice-rule", rule_id=found.rule_id)


def _edit(request: HttpRequest, rule: NoticeRule) -> HttpResponse:
    new = rule.pk is None
    form = _form(request, rule, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _shown(request, rule, form)
    actor = _actor(request, form.cleaned_data["token"], form.cleaned_data["reason"])
    written = notice_rules.write(actor, rule, form.wanted(), now=timezone.now())
    if written.secret and written.rule:
        return _shown(request, written.rule, _form(request, written.rule, None), secret=written.secret)
    if not written.new:
        messages.info(request, ONCE)
    else:
        messages.success(request, "The rule is written. Try it with the test button." if new else "Saved.")
    return redirect("notice-rule", rule_id=written.rule.pk) if written.rule else redirect("notices")


def _form(request: HttpRequest, rule: NoticeRule, data: Any) -> RuleForm:
    return RuleForm(data, groups=queries.notice_groups(request.user), rule=rule)


def _shown(request: HttpRequest, rule: NoticeRule, form: RuleForm, *, secret: str = "") -> HttpResponse:
    page = RulePage.of(request.user, rule, form, secret=secret)
    response = render(request, "notices/rule.html", {"page": page})
    if secret:
        response["Cache-Control"] = "no-store"
    return response


def _rule_or_404(request: HttpRequest, rule_id: int) -> NoticeRule:
    number = rule_id if rule_id < 2**63 else 0
    if (found := queries.notice_rules(request.user).filter(pk=number).first()) is None:
        raise Http404("There is no such rule, or it is not one of your teams'.")
    return found


def _actor(request: HttpRequest, token: uuid.UUID | None = None, reason: str = "") -> Actor:
    """`token`: a button's own form brings it; a button pressed without one is pressed for the first time."""
    if token is None:
        button = TokenForm(request.POST)
        token = button.cleaned_data["token"] if button.is_valid() else uuid.uuid4()
    return Actor(request.user, address_of(request), token, reason, request.headers.get("User-Agent", ""))
