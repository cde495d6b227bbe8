"""Periodic work is done once, however many beats call for it."""

import datetime as dt

from django.db.models import Q

from executions.models import Lease


def take(name: str, *, every: float, now: dt.datetime) -> bool:
    """Whether this is the first call for `name` in so many seconds. Whoever is killed afterwards holds it no longer."""
    length = dt.timedelta(seconds=every)
    # What was taken in the future was taken by a wrong clock.
    free = Q(taken_at__lte=now - length) | Q(taken_at__gt=now + length)
    if Lease.objects.filter(free, name=name).update(taken_at=now):
        return True
    return Lease.objects.get_or_create(name=name, defaults={"taken_at": now})[1]
