"""What people do: the record of their actions, claims, decision forms, prepared events, bulks. Only executions/actions
writes ActionRecord.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from executions.models.mirror import Callback, Execution, Function


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
        EXPORT = "export", "exported the audit trail with its secrets"
        SHARE = "share", "made a share link"
        UNSHARE = "unshare", "revoked a share link"
        WRITE_FORM = "write_form", "wrote a decision form"
        REMOVE_FORM = "remove_form", "removed a decision form"
        NOTIFY = "notify", "wrote a notification rule"
        UNNOTIFY = "unnotify", "removed a notification rule"
        NOTIFY_TEST = "notify_test", "tested a notification rule"
        NOTIFY_AGAIN = "notify_again", "had a notification sent again"
        NOTIFY_SECRET = "notify_secret", "made a new secret for a notification rule"
        IMPORT = "import", "imported a history"
        FORGET = "forget", "removed an imported history"
        PREPARE = "prepare", "kept a prepared event"
        UNPREPARE = "unprepare", "removed a prepared event"
        DESCRIBE = "describe", "changed the schema of an input"
        NEW_ACCOUNT = "new_account", "made an account"
        GROUPS = "groups", "changed the role or teams of an account"
        SWITCH_OFF = "switch_off", "switched an account off"
        SWITCH_ON = "switch_on", "switched an account on"
        END_SESSIONS = "end_sessions", "ended sessions of an account"
        PASSWORD = "password", "changed the password of an account"
        ADD_FACTOR = "add_factor", "added a second factor to an account"
        REMOVE_FACTOR = "remove_factor", "removed a second factor of an account"
        TIE = "tie", "tied single sign-on to an account"
        MAKE_TOKEN = "make_token", "made an API token"
        REVOKE_TOKEN = "revoke_token", "revoked an API token"
        SCOPE = "scope", "changed what a team sees"

    class Outcome(models.TextChoices):
        SENDING = "sending", "being sent"
        ACCEPTED = "accepted", "accepted by AWS"
        REFUSED = "refused", "refused"
        UNCONFIRMED = "unconfirmed", "sent, but not confirmed"
        UNKNOWN = "unknown", "sent, and nobody will know"
        DONE = "done", "done"

    token = models.UUIDField(unique=True, help_text="from the form: a repeated POST finds its first self")
    kind = models.CharField(max_length=20, choices=Kind)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.SENDING)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    username = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, help_text="what their browser called itself")
    function = models.ForeignKey(
        Function, null=True, on_delete=models.SET_NULL, related_name="+", help_text="that of its execution, too"
    )
    covers = models.TextField(
        blank=True, help_text="lines CONNECTION/FUNCTION, or */PATTERN: who is limited to scopes sees it by them"
    )
    group = models.ForeignKey(
        "auth.Group", null=True, on_delete=models.SET_NULL, related_name="+", help_text="whose rule or scope it was"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", help_text="whose account"
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
            models.Index(
                fields=["created_at", "callback"],
                name="action_heartbeats",
                condition=Q(kind="heartbeat", outcome="accepted"),
            ),
            models.Index(fields=["covers"], name="action_covers", condition=Q(function=None) & ~Q(covers="")),
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
            ("import_histories", "Can import histories from files and remove them"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.kind} {self.execution_arn}"


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


class InputSchema(models.Model):
    """What a function takes as its input, as JSON Schema: the start page makes a form of it, and checks against it."""

    function = models.OneToOneField(Function, on_delete=models.CASCADE, related_name="input_schema")
    text = models.TextField(help_text="the schema as it was written")
    username = models.CharField(max_length=150, help_text="who changed it last")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"input of {self.function}"


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
    claimed_by = models.UUIDField(null=True, help_text="which worker that is")
    refusals = models.PositiveSmallIntegerField(default=0, help_text="how often in a row it had to wait")

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
    callback = models.ForeignKey(
        Callback, null=True, on_delete=models.SET_NULL, related_name="+", help_text="which is answered; else null"
    )
    token = models.UUIDField(unique=True)
    record = models.ForeignKey(ActionRecord, null=True, on_delete=models.SET_NULL, related_name="+")
    words = models.CharField(max_length=500, blank=True, help_text="why nothing was sent")
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["bulk", "id"], name="bulk_row_waiting", condition=Q(done_at=None))]

    def __str__(self) -> str:
        return self.execution_arn
