"""Who sees what: scopes of groups, tokens of programs, share links."""

from django.conf import settings
from django.db import models

from executions.models.mirror import Execution


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
    scopes = models.JSONField(default=list, help_text="names of executions/actions/tokens.py, sorted as there")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


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
