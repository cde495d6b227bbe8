"""Acting: once each, on record, under the person's permissions; see executions/actions."""

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router

from dashboard.api.answers import Act, ActionOut, ActWithError, Claim, Delete, Id, Pause, Problem, Start, Succeed
from dashboard.views.lookup import address_of, callback_or_404, execution_or_404
from executions import queries
from executions.actions import claims, decisions, lifecycle, perform, permissions, starting
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.models import Callback

router = Router(tags=["act"])
ANSWERS: dict[int, Any] = {200: ActionOut, 403: Problem, 404: Problem, 409: Problem, 422: Problem}


@router.post("start", response=ANSWERS, url_name="start")
def start(request: HttpRequest, act: Start) -> Any:
    """Asynchronously; the record has the execution's ARN when AWS has said it."""
    named = Q(arn=_clean(act.function)) | Q(name=_clean(act.function))
    found = list(queries.visible_functions(request.user).filter(named, gone_at=None).select_related("connection")[:2])
    if not found:
        raise Http404("The mirror has no such function, or it is not one of yours.")
    if len(found) > 1:
        raise BadValue("function", "Several functions have this name: say the ARN.")
    record = starting.start(
        _actor(request, act),
        found[0],
        qualifier=act.qualifier,
        name=act.name,
        payload=act.payload,
        now=timezone.now(),
    )
    return ActionOut.of(record)


@router.post("executions/{execution_id}/stop", response=ANSWERS, url_name="stop")
def stop(request: HttpRequest, execution_id: Id, act: ActWithError) -> Any:
    """Code that runs goes on to its next checkpoint."""
    execution = execution_or_404(request, execution_id)
    record = perform.stop(
        _actor(request, act),
        execution,
        error_type=act.error_type,
        error_message=act.error_message,
        now=timezone.now(),
    )
    return ActionOut.of(record)


@router.post("executions/{execution_id}/pause", response=ANSWERS, url_name="pause")
def pause(request: HttpRequest, execution_id: Id, act: Pause) -> Any:
    execution = execution_or_404(request, execution_id)
    now = timezone.now()
    return ActionOut.of(lifecycle.pause(_actor(request, act), execution, timeout_too=act.timeout_too, now=now))


@router.post("executions/{execution_id}/resume", response=ANSWERS, url_name="resume")
def resume(request: HttpRequest, execution_id: Id, act: Act) -> Any:
    execution = execution_or_404(request, execution_id)
    return ActionOut.of(lifecycle.resume(_actor(request, act), execution, now=timezone.now()))


@router.post("executions/{execution_id}/delete", response=ANSWERS, url_name="delete")
def delete(request: HttpRequest, execution_id: Id, act: Delete) -> Any:
    """Have AWS delete an execution that has ended, with its history."""
    execution = execution_or_404(request, execution_id)
    return ActionOut.of(lifecycle.delete(_actor(request, act), execution, purge=act.purge, now=timezone.now()))


@router.post("callbacks/{callback_id}/succeed", response=ANSWERS, url_name="succeed")
def succeed(request: HttpRequest, callback_id: Id, act: Succeed) -> Any:
    callback, now = _callback(request, callback_id), timezone.now()
    record = decisions.succeed(
        _actor(request, act), callback, result=act.result, is_json=act.is_json, twice=act.twice, now=now
    )
    return ActionOut.of(record)


@router.post("callbacks/{callback_id}/fail", response=ANSWERS, url_name="fail")
def fail(request: HttpRequest, callback_id: Id, act: ActWithError) -> Any:
    callback = _callback(request, callback_id)
    record = decisions.fail(
        _actor(request, act), callback, error_type=act.error_type, error_message=act.error_message, now=timezone.now()
    )
    return ActionOut.of(record)


@router.post("callbacks/{callback_id}/heartbeat", response=ANSWERS, url_name="heartbeat")
def heartbeat(request: HttpRequest, callback_id: Id, act: Act) -> Any:
    callback = _callback(request, callback_id)
    return ActionOut.of(perform.heartbeat(_actor(request, act), callback, now=timezone.now()))


@router.post("callbacks/{callback_id}/claim", response=ANSWERS, url_name="claim")
def claim(request: HttpRequest, callback_id: Id, act: Claim) -> Any:
    """Take it on, so that the others see it."""
    callback = _callback(request, callback_id)
    return ActionOut.of(claims.claim(_actor(request, act), callback, over=act.over, now=timezone.now()))


@router.post("callbacks/{callback_id}/release", response=ANSWERS, url_name="release")
def release(request: HttpRequest, callback_id: Id, act: Act) -> Any:
    record = claims.release(_actor(request, act), _callback(request, callback_id), now=timezone.now())
    if record is None:
        raise perform.NotAllowed(permissions.Verdict(False, "You do not have this callback."))
    return ActionOut.of(record)


def _clean(text: str) -> str:
    """PostgreSQL takes no NUL in a comparison, and no name has one."""
    return text.replace("\0", "")


def _callback(request: HttpRequest, callback_id: int) -> Callback:
    """Of an execution that this person may see."""
    theirs = queries.visible(request.user).filter(callbacks=callback_id).values_list("pk", flat=True).first()
    return callback_or_404(execution_or_404(request, theirs or 0), callback_id)


def _actor(request: HttpRequest, act: Act) -> Actor:
    agent = request.headers.get("User-Agent", "")
    return Actor(request.user, address_of(request), act.token, act.reason, user_agent=agent)
