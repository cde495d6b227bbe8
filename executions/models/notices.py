"""Notifications: what a team wants to be told, each thing that is to be told, and the messages that tell it.

Only executions/notices writes Notice, Delivery and NoticeCursor.
"""

from django.db import models
from django.db.models import Q

from executions.models.mirror import Callback, Connection, Execution


class NoticeRule(models.Model):
    """What the people of one group are told, where, and when not. Written by whoever may; see actions/notice_rules.py.

    `target` and `secret` are sealed (executions/notices/sealing.py).
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        SLACK = "slack", "Slack-compatible webhook"
        WEBHOOK = "webhook", "signed webhook"

    name = models.CharField(max_length=100)
    group = models.ForeignKey("auth.Group", on_delete=models.CASCADE, related_name="notice_rules")
    channel = models.CharField(max_length=10, choices=Channel)
    target = models.TextField(help_text="sealed: e-mail addresses with commas between, or the receiver's URL")
    shown = models.CharField(max_length=1000, help_text="what people may see of the target")
    secret = models.TextField(blank=True, help_text="sealed: what a signed webhook is signed with")
    events = models.JSONField(help_text="values of domain/notices.py's Event")
    connections = models.CharField(max_length=100, default="*", help_text="a pattern of names: *, prod-*")
    functions = models.CharField(max_length=140, default="*", help_text="a pattern of names: *, checkout-*")
    callbacks = models.CharField(max_length=300, default="*", help_text="a pattern of names of callbacks")
    claimed_minutes = models.PositiveIntegerField(default=60, help_text="a claim older than this is too long")
    with_payload = models.BooleanField(default=False, help_text="messages carry payloads, redacted")
    gather_seconds = models.PositiveIntegerField(default=60, help_text="how long a message waits for more to tell")
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    zone = models.CharField(max_length=64, default="UTC", help_text="of the quiet hours: Europe/Vienna")
    active = models.BooleanField(default=True)
    since = models.DateTimeField(help_text="what happened before is not told")
    username = models.CharField(max_length=150, help_text="who changed it last")
    changed_at = models.DateTimeField()

    class Meta:
        permissions = [("write_notices", "Can write notification rules")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message. It takes up what waits to be told when it is sent, and is tried again as it is."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "given up"
        UNSURE = "unsure", "perhaps sent"
        UNNEEDED = "unneeded", "no longer needed"

    UNDER_WAY = (State.WAITING, State.SENDING)

    rule = models.ForeignKey(NoticeRule, on_delete=models.CASCADE, related_name="deliveries")
    key = models.UUIDField(unique=True, help_text="what the receiver knows it by, the same in every attempt")
    test = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="when it is to be sent, or tried again")
    sending_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    told = models.PositiveIntegerField(default=0, help_text="how many things the last attempt told")
    words = models.CharField(max_length=500, blank=True, help_text="how the last attempt went")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="delivery_under_way", condition=Q(state__in=["waiting", "sending"])),
            models.Index(fields=["rule", "-created_at", "-id"], name="delivery_by_rule"),
            models.Index(fields=["-created_at", "-id"], name="delivery_newest"),
        ]
        constraints = [
            # What comes up meanwhile waits for the one under way: order is kept, and a dead receiver is asked rarely.
            models.UniqueConstraint(
                fields=["rule"],
                name="one_delivery_under_way",
                condition=Q(state__in=["waiting", "sending"], test=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.key}"


class Notice(models.Model):
    """One thing to be told by one rule, once: the database allows no second row."""

    rule = models.ForeignKey(NoticeRule, on_delete=models.CASCADE, related_name="notices")
    event = models.CharField(max_length=10)
    thing = models.CharField(max_length=120, help_text="'callback 7', 'claim 3', 'execution 12', 'push 1 <since>'")
    execution = models.ForeignKey(Execution, null=True, on_delete=models.CASCADE, related_name="+")
    callback = models.ForeignKey(Callback, null=True, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE, related_name="+")
    happened_at = models.DateTimeField()
    found_at = models.DateTimeField()
    more = models.CharField(max_length=500, blank=True, help_text="what is to be said besides")
    delivery = models.ForeignKey(
        Delivery, null=True, on_delete=models.CASCADE, related_name="notices", help_text="null: it waits for one"
    )
    moot = models.CharField(max_length=100, blank=True, help_text="why it was not told after all")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "event", "thing"], name="one_notice_per_thing")]
        indexes = [models.Index(fields=["rule"], name="notice_waiting", condition=Q(delivery=None, moot=""))]

    def __str__(self) -> str:
        return f"{self.event} {self.thing}"


class NoticeCursor(models.Model):
    """How far the mirror was looked through; one row. A lower number may be committed after a higher one was seen: so
    callbacks up to `settled` are those that had been seen a while before `settled` was moved there.
    """

    settled = models.BigIntegerField(help_text="callbacks up to this primary key have been looked at for good")
    seen = models.BigIntegerField(help_text="the highest primary key of a callback that was there at `seen_at`")
    seen_at = models.DateTimeField()
    scanned_at = models.DateTimeField(help_text="when the mirror was last looked through for what is new")
    combed_at = models.DateTimeField(help_text="when it was last looked through for what comes with time")

    def __str__(self) -> str:
        return f"callback {self.settled}"
