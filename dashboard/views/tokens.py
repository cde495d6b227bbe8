"""API tokens of the person who is logged in."""

from typing import TypeAlias

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.accounts import records
from dashboard.forms.actions import TokenForm
from dashboard.pages.tokens import Page
from executions.actions import tokens
from executions.models import ActionRecord

Kind: TypeAlias = ActionRecord.Kind


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = TokenForm(request.POST if request.method == "POST" else None, user=request.user)
    made = ""
    if request.method == "POST" and form.is_valid():
        if tokens.working(request.user, now=now) >= tokens.MAX_TOKENS:
            form.add_error(None, f"You have {tokens.MAX_TOKENS} tokens that work: revoke one first.")
        else:
            values = form.cleaned_data
            with transaction.atomic():
                row, made = tokens.make(
                    request.user, name=values["name"], scopes=values["scopes"], days=int(values["days"]), now=now
                )
                said = f"For {row.name}, with {', '.join(row.scopes)}, until {row.expires_at:%Y-%m-%d %H:%M} UTC."
                records.note(request, Kind.MAKE_TOKEN, request.user, said, For=row.name, Scopes=row.scopes)
            form = TokenForm(user=request.user)
    return render(request, "tokens.html", {"page": Page.build(request.user, form, now=now, made=made)})


@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    with transaction.atomic():
        gone = tokens.revoke(request.user, token_id if token_id < 2**63 else 0, now=timezone.now())
        if gone:
            records.note(request, Kind.REVOKE_TOKEN, request.user, f"For {gone.name}.", For=gone.name)
    said = "Revoked: it does not work any more." if gone else "You have no such token that still works."
    messages.add_message(request, messages.SUCCESS if gone else messages.WARNING, said)
    return redirect("tokens")
