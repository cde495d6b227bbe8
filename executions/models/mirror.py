"""What the mirror stores of AWS. Only executions/sync writes these rows.

History is kept as AWS said it (HistoryPage); operations, timeline, checkpoints and diffs are derived on read. The
other columns exist because some page filters, sorts, joins, counts or lists by them.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from executions.domain import imports
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


class Lease(models.Model):
    """When a periodic task was last begun: of several beats that call for it only the first one is heard."""

    name = models.CharField(max_length=40, primary_key=True)
    taken_at = models.DateTimeField()

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
    list_place = models.JSONField(null=True, help_text="where a broken off listing goes on: sync/places.py's Listing")
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
    end_seen_at = models.DateTimeField(null=True, help_text="when the reading began that told of its end")
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
    history_place = models.JSONField(
        null=True, help_text="where a broken off reading goes on: sync/places.py's Block or Retelling"
    )
    history_misses = models.PositiveSmallIntegerField(default=0, help_text="readings in a row that brought nothing new")
    history_failures = models.PositiveSmallIntegerField(default=0, help_text="readings in a row that AWS refused")
    untold = models.BooleanField(
        default=False, help_text="events are stored of which the other columns do not tell yet"
    )
    gone_at = models.DateTimeField(null=True, help_text="when AWS said that it no longer has it")

    seen_through = ""
    """How much a share link lets through, or "" for who is logged in: see executions/sharing.py. Never stored."""

    is_left = False
    """Whether it is in a list and was going on when its connection was last configured. Never stored."""

    class Meta:
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="execution_newest"),
            models.Index(fields=["function", "-started_at", "-id"], name="execution_by_function"),
            models.Index(fields=["status", "-started_at", "-id"], name="execution_by_status"),
            models.Index(fields=["status", "ended_at"], name="execution_ended"),
            models.Index(fields=["status", "end_seen_at"], name="execution_end_seen"),
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

    @property
    def is_imported(self) -> bool:
        """Whether it comes from a file: AWS is never asked about it, and nothing can be done to it there."""
        return (self.arn or self.function.arn).startswith(imports.PREFIX)


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
    function = models.ForeignKey(
        Function,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        help_text="its execution's: what is open in one function, or in some, is found without the executions",
    )
    operation_id = models.CharField(max_length=200)
    callback_id = models.CharField(max_length=1024)
    name = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=40, help_text="an operation status: STARTED while open")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    timeout_at = models.DateTimeField(null=True, help_text="null: it waits for ever")
    heartbeat_seconds = models.PositiveIntegerField(null=True)
    about = models.CharField(max_length=200, blank=True, help_text="what is asked, from the payloads before it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["execution", "operation_id"], name="one_callback")]
        indexes = [
            # The inbox's order; those without a deadline are a stretch of their own in it. With the status in it,
            # counting reads the index alone.
            models.Index(
                fields=["status", "timeout_at", "opened_at", "id"], name="callback_open", condition=Q(status="STARTED")
            ),
            models.Index(
                fields=["function", "status", "timeout_at", "opened_at", "id"],
                name="callback_open_by_function",
                condition=Q(status="STARTED"),
            ),
            models.Index(
                fields=["status", "heartbeat_seconds", "opened_at", "id"],
                name="callback_beating",
                condition=Q(status="STARTED", heartbeat_seconds__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.operation_id

    @property
    def is_open(self) -> bool:
        return self.status == "STARTED"


class MissingOperation(models.Model):
    """Something that the backend behind a connection answered it cannot do, such as AWS's emulator cannot pause."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="missing_operations")
    kind = models.CharField(max_length=20, help_text="of action")
    since = models.DateTimeField(help_text="when it last said so; asked again a day later")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="one_missing_operation")]

    def __str__(self) -> str:
        return f"{self.connection_id} cannot {self.kind}"


class HistoryImport(models.Model):
    """Where an imported execution comes from: a file that somebody chose. Written by executions/sync/imports.py."""

    execution = models.OneToOneField(Execution, on_delete=models.CASCADE, related_name="import_record")
    file_names = models.CharField(max_length=500)
    source_arn = models.CharField(max_length=1024, blank=True, help_text="as the file says; nobody has checked it")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    username = models.CharField(max_length=150, help_text="who imported it")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="import_newest")]

    def __str__(self) -> str:
        return self.file_names
