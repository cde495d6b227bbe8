"""What is worked out when somebody asks how the mirror is doing: the gauges of /metrics, in seven queries whatever the
mirror's size; and what each connection was given, for the page of connections, which may not ask the gateway itself.
"""

import datetime as dt
import re
from collections import Counter

from executions import metrics, upkeep, work
from executions.domain.quotas import QUOTA_PER_SECOND
from executions.gateway import budget, configuration, queue
from executions.gateway.configuration import named
from executions.metrics import Family
from executions.models import Connection
from executions.sync import push_health
from executions.upkeep import Given, Upkeep

_BY_CONNECTION = ("connection",)
_BY_API = ("connection", "api")


def exposition(*, now: dt.datetime) -> bytes:
    found = upkeep.by_connection(now=now)
    waiting = Family("durascope_open_callbacks", "Callbacks that wait for an answer.")
    waiting.samples.append(((), upkeep.open_callbacks()))
    worked_out = [*_budgets(found), *_ages(found, now), *_queues(found, now), *_counts(found), *_work(now)]
    return metrics.exposition([*worked_out, waiting])


def given(row: Connection) -> Given:
    """Its budget, its functions in the patterns that IAM knows (`*` and `?`, but no sets of characters), its push
    queue, and what is kept.
    """
    connection = row.name
    settings = named(connection)
    patterns = [re.sub(r"\[[^\]]*\]", "?", pattern) for pattern in settings.include] if settings else ["*"]
    states = {api: budget.state(connection, api) for api in QUOTA_PER_SECOND}
    slowed = {api: state.part for api, state in states.items() if state and state.part < 1}
    url = configuration.push_queue(connection)
    return Given(
        {api: budget.calls_per_second(connection, api) for api in QUOTA_PER_SECOND},
        tuple(patterns),
        slowed,
        has_queue=bool(url),
        queue_arn=queue.arn(url),
        listening_since=push_health.listening_since(row),
        keep_days=configuration.keep_days(connection),
        keep_mb=configuration.keep_mb(connection),
    )


def _budgets(found: list[Upkeep]) -> list[Family]:
    may = Family("durascope_budget_calls_per_second", "Calls a second that Durascope may make.", _BY_API)
    left = Family("durascope_budget_left", "Calls that could be made at once now.", _BY_API)
    part = Family("durascope_budget_part", "Part of the budget in use: below 1 while AWS throttles.", _BY_API)
    paused = Family("durascope_budget_paused_seconds", "For how long no call is made, because AWS said so.", _BY_API)
    waiting = Family("durascope_budget_waiting", "Calls that wait for a place.", (*_BY_API, "lane"))
    for name in [one.row.name for one in found if one.row.gone_at is None]:
        for api in QUOTA_PER_SECOND:
            may.samples.append(((name, api), budget.calls_per_second(name, api)))
            if (state := budget.state(name, api)) is None:
                continue
            left.samples.append(((name, api), state.left))
            part.samples.append(((name, api), state.part))
            paused.samples.append(((name, api), state.paused))
            waiting.samples += [((name, api, lane.name.lower()), count) for lane, count in state.waiting.items()]
    return [may, left, part, paused, waiting]


def _ages(found: list[Upkeep], now: dt.datetime) -> list[Family]:
    data = Family("durascope_data_age_seconds", "Age of the oldest list of a function's executions.", _BY_CONNECTION)
    sweep = Family("durascope_discovery_age_seconds", "Since the functions were last discovered.", _BY_CONNECTION)
    push = Family("durascope_push_age_seconds", "Since the push queue last brought something.", _BY_CONNECTION)
    depth = Family("durascope_push_queue", "Messages in the push queue, and given up.", (*_BY_CONNECTION, "state"))
    missed = Family("durascope_push_missed", "Changes that polling found and push had not told.", _BY_CONNECTION)
    for one in (one for one in found if one.row.gone_at is None):
        name = (one.row.name,)
        for family, at in ((data, one.ages.oldest), (sweep, one.row.swept_at), (push, one.row.pushed_at)):
            if at is not None:
                family.samples.append((name, _seconds(at, now)))
        missed.samples.append((name, one.row.push_missed))
        for state, count in (("waiting", one.row.push_waiting), ("dead", one.row.push_dead)):
            if count is not None:
                depth.samples.append(((*name, state), count))
    return [data, sweep, push, missed, depth]


def _queues(found: list[Upkeep], now: dt.datetime) -> list[Family]:
    due = Family("durascope_histories_waiting", "Histories that will be read again.", _BY_CONNECTION)
    overdue = Family("durascope_histories_overdue", "Histories whose turn to be read it is.", _BY_CONNECTION)
    lag = Family("durascope_sync_lag_seconds", "How long the first history has waited for its turn.", _BY_CONNECTION)
    for one in (one for one in found if one.row.gone_at is None):
        name, queue = (one.row.name,), one.histories
        due.samples.append((name, queue.waiting))
        overdue.samples.append((name, queue.overdue))
        lag.samples.append((name, _seconds(queue.oldest_due, now) if queue.oldest_due else 0.0))
    return [due, overdue, lag]


def _work(now: dt.datetime) -> list[Family]:
    done = work.current()
    ages = Family("durascope_work_age_seconds", "Since periodic work was last begun.", ("work",))
    for name, at in (("dispatch", done.handed_out), ("discover", done.discovered), ("retain", done.retained)):
        if at is not None:
            ages.samples.append(((name,), _seconds(at, now)))
    queued = Family("durascope_tasks_queued", "Tasks in Redis that no worker has taken yet.")
    if done.queued is not None:
        queued.samples.append(((), done.queued))
    answers = Family("durascope_redis_up", "Whether Redis answers.")
    if done.redis is not None:
        answers.samples.append(((), float(done.redis)))
    return [ages, queued, answers]


def _counts(found: list[Upkeep]) -> list[Family]:
    executions = Family("durascope_executions", "Executions in the mirror.", ("connection", "status"))
    functions = Family("durascope_functions", "Durable functions that AWS lists.", _BY_CONNECTION)
    unlisted = Family("durascope_functions_never_listed", "Functions not listed to the end yet.", _BY_CONNECTION)
    troubles = Family("durascope_troubles", "What AWS does not let us do at the moment.", ("connection", "kind"))
    for one in found:
        name = one.row.name
        executions.samples += [((name, status), count) for status, count in one.statuses.items()]
        functions.samples.append(((name,), one.ages.functions))
        unlisted.samples.append(((name,), one.ages.never_listed))
        kinds = Counter(trouble.kind for trouble in one.troubles)
        troubles.samples += [((name, kind), count) for kind, count in kinds.items()]
    return [executions, functions, unlisted, troubles]


def _seconds(at: dt.datetime, now: dt.datetime) -> float:
    return max(0.0, (now - at).total_seconds())
