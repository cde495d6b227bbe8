"""What the mirror stores. Only executions/sync writes the mirrored rows; only executions/actions writes ActionRecord.

History is kept as AWS said it (HistoryPage); operations, timeline, checkpoints and diffs are derived on read. The
other columns exist because some page filters, sorts, joins, counts or lists by them.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from executions.domain.statuses import ExecutionStatus

TERMINAL = [
    ExecutionStatus.SUCCEEDED,
    ExecutionStatus.FAILED,
    ExecutionStatus.TIMED_OUT,
    ExecutionStatus.STOPPED,
    ExecutionStatus.DELETING,
]


class Connection(models.Model):
    """One AWS account and Region, and how the last calls to it went. Credentials and endpoints are never stored."""

    name = models.CharField(max_length=100, unique=True)
    region = models.CharField(max_length=40, blank=True)
    swept_at = models.DateTimeField(null=True, help_text="when all functions were last discovered")
    gone_at = models.DateTimeField(null=True, help_text="when it was no longer configured; what was mirrored stays")
    list_pace = models.JSONField(null=True, help_text="sync/pacing.py's ListPace for its functions")
    pushed_at = models.DateTimeField(null=True, help_text="when the push queue last brought something")
    push_waiting = models.PositiveIntegerField(null=True, help_text="messages in the push queue, as SQS estimates")
    push_dead = models.PositiveIntegerField(null=True, help_text="messages that the push queue has given up")
    push_counted_at = models.DateTimeField(null=True, help_text="when those two were counted")
    checks = models.JSONField(default=list, help_text="the last preflight: action, outcome, words and forms of each")
    checked_at = models.DateTimeField(null=True, help_text="when that was")
    push_missed = models.PositiveIntegerField(default=0, help_text="changes that polling found and push had not told")

    def __str__(self) -> str:
        return self.name


class Trouble(models.Model):
    """Something that AWS does not let us do at the moment; gone as soon as it works again."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="troubles")
    function = models.ForeignKey(
        "Function", null=True, on_delete=models.CASCADE, related_name="+", help_text="null: it concerns no single one"
    )
    scope = models.CharField(max_length=200, help_text="what fails: 'list functions', 'read histories of NAME'")
    kind = models.CharField(max_length=40, help_text="the kind of gateway error")
    words = models.CharField(max_length=500)
    remedy = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "scope"], name="one_trouble_per_scope")]

    def __str__(self) -> str:
        return self.words


class Function(models.Model):
    """A durable Lambda function, as ListFunctions describes it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="functions")
    arn = models.CharField(max_length=300, unique=True, help_text="without a qualifier")
    name = models.CharField(max_length=140, db_index=True)
    description = models.CharField(max_length=300, blank=True)
    runtime = models.CharField(max_length=60, blank=True)
    memory_mb = models.PositiveIntegerField(null=True)
    timeout_seconds = models.PositiveIntegerField(null=True)
    execution_timeout_seconds = models.PositiveIntegerField(null=True)
    retention_days = models.PositiveIntegerField(null=True)
    kms_key_arn = models.CharField(max_length=300, blank=True)
    modified_at = models.CharField(max_length=40, blank=True, help_text="as AWS writes it")
    gone_at = models.DateTimeField(null=True, help_text="when AWS stopped listing it; its executions stay here")
    listed_through = models.DateTimeField(null=True, help_text="executions started before this have been seen")
    listed_at = models.DateTimeField(null=True, help_text="when its executions were last listed to the end")
    looked_back_at = models.DateTimeField(null=True, help_text="when long known starts were last listed again")
    reconciled_at = models.DateTimeField(null=True, help_text="when its unfinished executions were last compared")
    callback_share = models.FloatField(null=True, help_text="part of its executions that open a callback, smoothed")
    callback_from = models.FloatField(null=True, help_text="seconds after its start in which one usually opens")
    start_rate = models.FloatField(default=0.0, help_text="new executions a second, smoothed")
    list_due_at = models.DateTimeField(null=True, help_text="when its executions are to be listed next")
    list_claimed_until = models.DateTimeField(null=True, help_text="a worker is listing them, at the most until then")

    def __str__(self) -> str:
        return self.name


class Execution(models.Model):
    """One durable execution. A terminal status never regresses and an end time is never erased."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="executions")
    arn = models.CharField(max_length=1024, unique=True)
    name = models.CharField(max_length=300)
    version = models.CharField(max_length=40)
    status = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    timeout_seconds = models.PositiveIntegerField(null=True)
    error_type = models.CharField(max_length=300, blank=True)
    activity = models.CharField(max_length=300, blank=True, help_text="what is going on, in a few words")
    operation_count = models.PositiveIntegerField(default=0)
    contiguous_through = models.PositiveIntegerField(
        default=0, help_text="events 1 to this one are stored without a gap"
    )
    last_event_id = models.PositiveIntegerField(default=0, help_text="the highest EventId stored")
    revision = models.PositiveIntegerField(default=0, help_text="counts the changes to the stored history")
    history_complete = models.BooleanField(default=False)
    history_read_at = models.DateTimeField(null=True)
    history_due_at = models.DateTimeField(null=True, help_text="when the history is to be read next; null: never again")
    history_claimed_until = models.DateTimeField(null=True, help_text="a worker is reading it, at the most until then")
    history_misses = models.PositiveSmallIntegerField(default=0, help_text="readings in a row that brought nothing new")
    history_failures = models.PositiveSmallIntegerField(default=0, help_text="readings in a row that AWS refused")
    untold = models.BooleanField(
        default=False, help_text="events are stored of which the other columns do not tell yet"
    )
    gone_at = models.DateTimeField(null=True, help_text="when AWS said that it no longer has it")

    seen_through = ""
    """How much a share link lets through, or "" for who is logged in: see executions/sharing.py. Never stored."""

    class Meta:
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="execution_newest"),
            models.Index(fields=["function", "-started_at", "-id"], name="execution_by_function"),
            models.Index(fields=["status", "-started_at", "-id"], name="execution_by_status"),
            models.Index(fields=["status", "ended_at"], name="execution_ended"),
            models.Index(
                fields=["function", "ended_at"],
                name="execution_ended_by_function",
                condition=Q(ended_at__isnull=False),
            ),
            models.Index(
                fields=["history_due_at"], name="execution_history_due", condition=Q(history_due_at__isnull=False)
            ),
            models.Index(fields=["function"], name="execution_unfinished", condition=~Q(status__in=TERMINAL)),
        ]

    def __str__(self) -> str:
        return self.name


class StatusCount(models.Model):
    """How many executions of a function have a status: kept by sync, because counting a million rows is slow."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="status_counts")
    status = models.CharField(max_length=40)
    executions = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "status"], name="one_count_per_status")]

    def __str__(self) -> str:
        return f"{self.status}: {self.executions}"


class HistoryPage(models.Model):
    """Up to 1,000 events of one execution as AWS wrote them; see history_pages.py for the two blobs."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="history_pages")
    number = models.PositiveIntegerField(help_text="events number*1000+1 to (number+1)*1000")
    event_count = models.PositiveIntegerField()
    events = models.BinaryField(help_text="zstd of the wire JSON, long payloads cut out")
    payloads = models.BinaryField(help_text="zstd of the payloads that were cut out; empty when none")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["execution", "number"], name="one_history_page")]

    def __str__(self) -> str:
        return f"{self.execution_id} page {self.number}"


class Callback(models.Model):
    """A callback operation that waits, or waited, for an answer from outside."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="callbacks")
    operation_id = models.CharField(max_length=200)
    callback_id = models.CharField(max_length=1024)
    name = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=40, help_text="an operation status: STARTED while open")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    timeout_at = models.DateTimeField(null=True, help_text="null: it waits for ever")
    heartbeat_seconds = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["execution", "operation_id"], name="one_callback")]
        indexes = [models.Index(fields=["timeout_at"], name="callback_open", condition=Q(status="STARTED"))]

    def __str__(self) -> str:
        return self.name or self.operation_id

    @property
    def is_open(self) -> bool:
        return self.status == "STARTED"


class Claim(models.Model):
    """Somebody has taken a callback on: the others see it. Perhaps it is kept alive for them meanwhile."""

    callback = models.OneToOneField(Callback, on_delete=models.CASCADE, related_name="claim")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    username = models.CharField(max_length=150)
    since = models.DateTimeField()
    alive_since = models.DateTimeField(null=True, help_text="heartbeats are sent since then; null: none are")
    beat_due_at = models.DateTimeField(null=True, help_text="when the next heartbeat is to be sent")
    beat_at = models.DateTimeField(null=True, help_text="when the last one was sent")
    beats = models.PositiveIntegerField(default=0, help_text="heartbeats sent since then")

    class Meta:
        indexes = [models.Index(fields=["beat_due_at"], name="claim_beats", condition=Q(beat_due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.username}: {self.callback}"


class DecisionForm(models.Model):
    """What people are asked about callbacks of a kind, and who decides, as an admin has written it in the web."""

    name = models.CharField(max_length=80, unique=True)
    values = models.JSONField(help_text="the same keys as a file has; see executions/decision_forms.py")
    username = models.CharField(max_length=150, help_text="who changed it last")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class MissingOperation(models.Model):
    """Something that the backend behind a connection answered it cannot do, such as AWS's emulator cannot pause."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="missing_operations")
    kind = models.CharField(max_length=20, help_text="of action")
    since = models.DateTimeField(help_text="when it last said so; asked again a day later")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="one_missing_operation")]

    def __str__(self) -> str:
        return f"{self.connection_id} cannot {self.kind}"


class Scope(models.Model):
    """What the people of one group see, and act on: functions by pattern. Written by admins; see actions/scopes.py."""

    group = models.ForeignKey("auth.Group", on_delete=models.CASCADE, related_name="scopes")
    connections = models.CharField(max_length=100, default="*", help_text="a pattern of names: *, prod-*")
    functions = models.CharField(max_length=140, default="*", help_text="a pattern of names: *, checkout-*")
    acts = models.BooleanField(default=True, help_text="may also act there, as far as their role goes")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "connections", "functions"], name="one_scope_per_pattern")
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.functions} in {self.connections}"


class ApiToken(models.Model):
    """Lets a program act as somebody, through the API only. The token itself is shown once and never stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="what it is for")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex")
    acts = models.BooleanField(default=False, help_text="may also act, as far as the person may; otherwise only read")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class ActionRecord(models.Model):
    """What a person did: written before AWS is called, completed with AWS's answer.

    The database refuses to change or remove one that is decided; see migrations/0003_append_only.py.
    """

    class Kind(models.TextChoices):
        START = "start", "started the execution"
        STOP = "stop", "stopped the execution"
        PAUSE = "pause", "paused the execution"
        RESUME = "resume", "resumed the execution"
        DELETE = "delete", "deleted the execution"
        SUCCEED = "succeed", "answered the callback with success"
        FAIL = "fail", "answered the callback with failure"
        HEARTBEAT = "heartbeat", "sent a heartbeat"
        APPROVE = "approve", "approved the callback"
        REFUSE = "refuse", "refused the callback"
        CLAIM = "claim", "claimed the callback"
        RELEASE = "release", "released the callback"
        KEEP_ALIVE = "keep_alive", "had the callback kept alive"
        LET_LAPSE = "let_lapse", "no longer had the callback kept alive"
        REVEAL = "reveal", "looked at the secrets of a payload"
        SHARE = "share", "made a share link"
        UNSHARE = "unshare", "revoked a share link"

    class Outcome(models.TextChoices):
        SENDING = "sending", "being sent"
        ACCEPTED = "accepted", "accepted by AWS"
        REFUSED = "refused", "refused"
        UNCONFIRMED = "unconfirmed", "sent, but not confirmed"
        DONE = "done", "done"

    token = models.UUIDField(unique=True, help_text="from the form: a repeated POST finds its first self")
    kind = models.CharField(max_length=20, choices=Kind)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.SENDING)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    username = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, help_text="what their browser called itself")
    function = models.ForeignKey(
        Function, null=True, on_delete=models.SET_NULL, related_name="+", help_text="only of a start"
    )
    execution = models.ForeignKey(Execution, null=True, on_delete=models.SET_NULL, related_name="actions")
    execution_arn = models.CharField(max_length=1024, blank=True, help_text="of a start: when AWS has said it")
    callback = models.ForeignKey(Callback, null=True, on_delete=models.SET_NULL, related_name="actions")
    request = models.JSONField(help_text="exactly what AWS was sent")
    reason = models.CharField(max_length=1000, blank=True)
    purge = models.BooleanField(default=False, help_text="of a deletion: our copy is removed, too")
    answer = models.CharField(max_length=1000, blank=True, help_text="AWS's answer or error, in words")
    aws_request_id = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="action_newest"),
            models.Index(fields=["execution_arn"], name="action_by_arn"),
            models.Index(
                fields=["created_at"],
                name="action_unsettled",
                condition=Q(outcome__in=["sending", "unconfirmed"]),
            ),
        ]
        constraints = [
            # AWS has no client token for callbacks: the database is what keeps two people from both answering.
            models.UniqueConstraint(
                fields=["callback"],
                name="one_answer_per_callback",
                condition=Q(kind__in=["succeed", "fail"]) & ~Q(outcome="refused"),
            ),
            models.UniqueConstraint(
                fields=["execution"],
                name="one_stop_per_execution",
                condition=Q(kind="stop") & ~Q(outcome="refused"),
            ),
            models.UniqueConstraint(
                fields=["execution"],
                name="one_deletion_per_execution",
                condition=Q(kind="delete") & ~Q(outcome="refused"),
            ),
            # An execution may be paused and resumed again and again, but by one request at a time.
            models.UniqueConstraint(
                fields=["execution"],
                name="one_pause_or_resume_under_way",
                condition=Q(kind__in=["pause", "resume"], outcome__in=["sending", "unconfirmed"]),
            ),
        ]
        permissions = [
            ("start_executions", "Can start executions"),
            ("stop_executions", "Can stop executions"),
            ("pause_executions", "Can pause and resume executions"),
            ("remove_executions", "Can have AWS delete executions"),
            ("act_in_bulk", "Can act on many executions at once"),
            ("prepare_events", "Can store prepared events"),
            ("heartbeat_callbacks", "Can send heartbeats"),
            ("answer_callbacks", "Can answer callbacks"),
            ("write_decisions", "Can write decision forms"),
            ("read_audit", "Can read everybody's actions"),
            ("reveal_secrets", "Can see the secrets in payloads"),
            ("share_executions", "Can make and revoke share links"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.kind} {self.execution_arn}"


class PreparedEvent(models.Model):
    """A payload that an admin has stored for starting a function with."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="prepared_events")
    name = models.CharField(max_length=100)
    payload = models.TextField(help_text="JSON, sent as it is written")
    username = models.CharField(max_length=150, help_text="who stored it")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "name"], name="one_prepared_event_per_name")]

    def __str__(self) -> str:
        return self.name


class Bulk(models.Model):
    """One kind of action on many executions, asked for by one person and carried out row by row by a worker."""

    token = models.UUIDField(unique=True, help_text="from the form: a repeated POST finds its first self")
    kind = models.CharField(max_length=20, choices=ActionRecord.Kind)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    username = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    options = models.JSONField(default=dict, help_text="what the kind needs besides")
    chosen = models.CharField(max_length=2000, help_text="the filter as the list's query string, or 'selection'")
    total = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, help_text="when somebody stopped it in the middle")
    stopped_by = models.CharField(max_length=150, blank=True)
    finished_at = models.DateTimeField(null=True, help_text="when no row was left to do")
    claimed_until = models.DateTimeField(null=True, help_text="a worker is at it, at the most until then")

    class Meta:
        indexes = [
            models.Index(fields=["-created_at"], name="bulk_newest"),
            models.Index(fields=["created_at"], name="bulk_under_way", condition=Q(finished_at=None, stopped_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.total} executions"


class BulkRow(models.Model):
    """One execution of a bulk. Its token is that of its action record, so that doing it again finds what was done."""

    bulk = models.ForeignKey(Bulk, on_delete=models.CASCADE, related_name="rows")
    execution = models.ForeignKey(Execution, null=True, on_delete=models.SET_NULL, related_name="+")
    execution_arn = models.CharField(max_length=1024)
    token = models.UUIDField(unique=True)
    record = models.ForeignKey(ActionRecord, null=True, on_delete=models.SET_NULL, related_name="+")
    words = models.CharField(max_length=500, blank=True, help_text="why nothing was sent")
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["bulk", "id"], name="bulk_row_waiting", condition=Q(done_at=None))]

    def __str__(self) -> str:
        return self.execution_arn


class ShareLink(models.Model):
    """An address that shows one execution to whoever has it. Its token is not kept, only the token's hash."""

    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 in hex")
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="share_links")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by_name = models.CharField(max_length=150)
    note = models.CharField(max_length=300, blank=True)
    tab = models.CharField(max_length=20, help_text="where it opens: a name of dashboard/pages/tab.py")
    query = models.CharField(max_length=2000, blank=True, help_text="and in which state: that tab's query")
    redacted = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=150, blank=True)
    opened_at = models.DateTimeField(null=True, help_text="when it was last opened")
    opened_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="share_newest")]

    def __str__(self) -> str:
        return self.note or f"share link {self.pk}"
