"""Looking after people: who has an account, where they are logged in; ending sessions, switching accounts off."""

from typing import TypeAlias

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.accounts import records, sessions
from dashboard.asked_for import whole
from dashboard.pages.people import PeoplePage, PersonPage
from executions.domain.words import count
from executions.models import ActionRecord

Kind: TypeAlias = ActionRecord.Kind
MOST_PAGES = 10**8
OWN = "This is your own account: you look after it on the page of your account."
ABOVE = "This is an admin's account: only an admin may change it."


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = min(whole(request.GET.get("page", "")) or 1, MOST_PAGES)
    return render(request, "people/index.html", {"page": PeoplePage.build(request.GET.get("name", "")[:150], page)})


@never_cache
@require_safe
def page(request: HttpRequest, user_id: int) -> HttpResponse:
    person = _person(user_id)
    built = PersonPage.build(person, why_not=_why_not(request, person), now=timezone.now())
    return render(request, "people/person.html", {"page": built})


@require_POST
def end_sessions(request: HttpRequest, user_id: int) -> HttpResponse:
    person = _theirs(request, user_id)
    with transaction.atomic():
        ended = sessions.end(person)
        records.note(request, Kind.END_SESSIONS, person, f"{count(ended, 'session')} ended.")
    messages.success(request, f"{person.get_username()} is logged out everywhere.")
    return redirect("person", person.pk)


@require_POST
def remove_factors(request: HttpRequest, user_id: int) -> HttpResponse:
    """For who has lost them: the password alone lets them in, until they set up new ones."""
    person = _theirs(request, user_id)
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        ended = sessions.end(person)
        said = f"All second factors and recovery codes; {count(ended, 'session')} ended."
        records.note(request, Kind.REMOVE_FACTOR, person, said)
    messages.success(request, f"{person.get_username()} logs in with the password alone until a new factor is set up.")
    return redirect("person", person.pk)


@require_POST
def switch(request: HttpRequest, user_id: int) -> HttpResponse:
    """Off: sessions end and tokens do not work, at once; nothing is lost. Or on again."""
    person = _theirs(request, user_id)
    if (to := request.POST.get("to")) not in ("on", "off"):
        messages.error(request, "Nothing was changed: the form did not say whether to switch on or off.")
        return redirect("person", person.pk)
    person.is_active = to == "on"
    with transaction.atomic():
        person.save(update_fields=["is_active"])
        if person.is_active:
            records.note(request, Kind.SWITCH_ON, person)
        else:
            records.note(request, Kind.SWITCH_OFF, person, f"{count(sessions.end(person), 'session')} ended.")
    messages.success(request, f"The account of {person.get_username()} is switched {to}.")
    return redirect("person", person.pk)


def _person(user_id: int) -> User:
    found = User.objects.filter(pk=user_id if user_id < 2**63 else 0).first()
    if found is None:
        raise Http404("There is no such account.")
    return found


def _theirs(request: HttpRequest, user_id: int) -> User:
    person = _person(user_id)
    if why := _why_not(request, person):
        raise PermissionDenied(why)
    return person


def _why_not(request: HttpRequest, person: User) -> str:
    if person.pk == request.user.pk:
        return OWN
    return ABOVE if person.is_superuser and not request.user.is_superuser else ""
