"""Somebody who acts in a process of their own: each line of the standard input is what they do, as JSON."""

import json
import sys
import time
import uuid
from typing import Any


def act(plan: dict[str, Any]) -> None:
    """One person's one request; that somebody else was first is nothing wrong."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from executions.actions import claims, decisions, perform
    from executions.actions.records import Actor
    from executions.actions.results import BadValue
    from executions.models import Callback, Execution

    actor = Actor(user=User.objects.get(pk=plan["user"]), address=None, token=uuid.UUID(plan["token"]))
    time.sleep(plan["delay"])
    try:
        if plan["action"] == "stop":
            execution = Execution.objects.select_related("function__connection").get(pk=plan["about"])
            perform.stop(actor, execution, error_type="", error_message="", now=timezone.now())
            return
        callback = Callback.objects.select_related("execution__function__connection").get(pk=plan["about"])
        if plan["action"] in ("claim", "over"):
            claims.claim(actor, callback, over=plan["action"] == "over", now=timezone.now())
        elif plan["action"] == "release":
            claims.release(actor, callback, now=timezone.now())
        elif plan["action"] == "succeed":
            decisions.succeed(actor, callback, result="1", is_json=True, now=timezone.now())
        else:
            decisions.fail(actor, callback, error_type="No", error_message="", now=timezone.now())
    except (perform.AlreadyDone, perform.NotAllowed, BadValue):
        return


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        try:
            act(json.loads(line))
        except Exception as error:
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)  # noqa: T201
        else:
            print("ok", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
