"""Who may open which URL: one row each. A URL without a row is closed, and fails the tests. guard.py keeps to it, and
bearers.py where programs ask.
"""

from typing import NamedTuple

from executions.actions import tokens
from executions.actions.permissions import (
    ANSWER,
    AUDIT,
    BULK,
    DECISIONS,
    HEARTBEAT,
    IMPORT,
    NOTICES,
    PAUSE,
    PEOPLE,
    PREPARE,
    REMOVE,
    REVEAL,
    SHARE,
    START,
    STOP,
    VIEW,
)

PUBLIC = ""
"""Open to everybody, also before login."""
ANYBODY = "*"
"""Open to whoever is logged in."""

BEARER = "bearer"
"""Open to programs that send METRICS_TOKEN; not there at all while that is not set. A login does not open it."""

LINK = "link"
"""Open to whoever has a share link that works: to who is logged in, or to everybody, as SHARE_LINKS says."""

MATRIX: dict[str, str] = {
    "login": PUBLIC,
    "account_login": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "sso": PUBLIC,
    "sso-callback": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": BEARER,
    "logout": ANYBODY,
    "account": ANYBODY,
    "password": ANYBODY,
    "sso-connect": ANYBODY,
    "session-end": ANYBODY,
    "sessions-end": ANYBODY,
    "account_reauthenticate": ANYBODY,
    "mfa_reauthenticate": ANYBODY,
    "mfa_reauthenticate_webauthn": ANYBODY,
    "mfa_activate_totp": ANYBODY,
    "mfa_deactivate_totp": ANYBODY,
    "mfa_add_webauthn": ANYBODY,
    "mfa_remove_webauthn": ANYBODY,
    "mfa_view_recovery_codes": ANYBODY,
    "mfa_generate_recovery_codes": ANYBODY,
    "styleguide": ANYBODY,
    "tokens": ANYBODY,
    "token-revoke": ANYBODY,
    "people": PEOPLE,
    "person": PEOPLE,
    "person-sessions-end": PEOPLE,
    "person-factors-remove": PEOPLE,
    "person-switch": PEOPLE,
    "shell": VIEW,
    "overview": VIEW,
    "overview-numbers": VIEW,
    "connections": VIEW,
    "functions": VIEW,
    "function": VIEW,
    "executions": VIEW,
    "executions-table": VIEW,
    "live": VIEW,
    "live-inbox": VIEW,
    "arn": VIEW,
    "execution": VIEW,
    "execution-head": VIEW,
    "execution-read": VIEW,
    "execution-timeline": VIEW,
    "execution-rows": VIEW,
    "execution-operation": VIEW,
    "execution-history": VIEW,
    "execution-event": VIEW,
    "execution-payload": VIEW,
    "execution-explore": VIEW,
    "execution-reveal": REVEAL,
    "execution-revealed": REVEAL,
    "execution-checkpoints": VIEW,
    "execution-diff": VIEW,
    "execution-compare-with": VIEW,
    "execution-compare": VIEW,
    "execution-compare-rows": VIEW,
    "execution-compare-payloads": VIEW,
    "execution-payloads": VIEW,
    "execution-live": VIEW,
    "execution-trace": VIEW,
    "history-json": VIEW,
    "report": VIEW,
    "share": SHARE,
    "shares": SHARE,
    "share-revoke": SHARE,
    "shared-entry": LINK,
    "shared": LINK,
    "shared-timeline": LINK,
    "shared-rows": LINK,
    "shared-operation": LINK,
    "shared-history": LINK,
    "shared-event": LINK,
    "shared-payload": LINK,
    "shared-explore": LINK,
    "shared-checkpoints": LINK,
    "shared-payloads": LINK,
    "shared-diff": LINK,
    "notices": VIEW,
    "notice-rule": VIEW,
    "notice-deliveries": VIEW,
    "notice-new": NOTICES,
    "notice-test": NOTICES,
    "notice-secret": NOTICES,
    "notice-remove": NOTICES,
    "notice-again": NOTICES,
    "imports": VIEW,
    "import": IMPORT,
    "import-remove": IMPORT,
    "inbox": VIEW,
    "inbox-callback": VIEW,
    "inbox-together": ANSWER,
    "decisions": DECISIONS,
    "decision-new": DECISIONS,
    "decision": DECISIONS,
    "decision-remove": DECISIONS,
    "decision-export": DECISIONS,
    "audit": AUDIT,
    "audit-csv": AUDIT,
    "audit-json": AUDIT,
    "audit-exact": REVEAL,
    "bulk-new": BULK,
    # Whose it is, and whether it may be stopped, the view asks: approvers answer several callbacks at once.
    "bulks": VIEW,
    "bulk": VIEW,
    "bulk-progress": VIEW,
    "bulk-stop": VIEW,
    "bulk-again": VIEW,
    "start": START,
    "describe": PREPARE,
    "prepare": PREPARE,
    "forget": PREPARE,
    "stop": STOP,
    "pause": PAUSE,
    "resume": PAUSE,
    "delete": REMOVE,
    "callback-answer": VIEW,  # what is asked may be seen by all; sending needs ANSWER, which its view sees to
    "callback-preview": ANSWER,
    "callback-claim": ANSWER,
    "callback-release": ANSWER,
    "callback-heartbeat": HEARTBEAT,
}


SAFE = ("GET", "HEAD", "OPTIONS")
STILL_POSTS = frozenset(
    name for name, needed in MATRIX.items() if needed == ANYBODY and name not in ("tokens", "styleguide")
) | {"execution-read"}
"""What may be sent also where READ_ONLY is set: the care of one's own account, and asking AWS to be read. Logging in is
public and never comes so far.
"""


TAKEN_AWAY = frozenset(
    [
        *("execution-payload", "execution-explore", "execution-reveal", "execution-revealed"),
        *("history-json", "report", "audit-csv", "audit-json", "audit-exact", "decision-export"),
    ]
)
"""Payloads and exports: no browser keeps them. A page may be kept by the browser that it was made for, which asks again
before it shows it.
"""


class Needs(NamedTuple):
    """`permission` of the token's person, `scope` of the token; ANYBODY for either: whoever has a token."""

    permission: str
    scope: str


API: dict[str, Needs] = {
    "api:openapi-json": Needs(ANYBODY, ANYBODY),
    "api:api-root": Needs(ANYBODY, ANYBODY),
    "api:executions": Needs(VIEW, tokens.READ),
    "api:execution-by-arn": Needs(VIEW, tokens.READ),
    "api:execution": Needs(VIEW, tokens.READ),
    "api:history": Needs(VIEW, tokens.READ),
    "api:operations": Needs(VIEW, tokens.READ),
    "api:callbacks": Needs(VIEW, tokens.READ),
    "api:actions": Needs(AUDIT, tokens.AUDIT),
    "api:start": Needs(START, tokens.START),
    "api:stop": Needs(STOP, tokens.CONTROL),
    "api:pause": Needs(PAUSE, tokens.CONTROL),
    "api:resume": Needs(PAUSE, tokens.CONTROL),
    "api:delete": Needs(REMOVE, tokens.DELETE),
    "api:succeed": Needs(ANSWER, tokens.ANSWER),
    "api:fail": Needs(ANSWER, tokens.ANSWER),
    "api:heartbeat": Needs(HEARTBEAT, tokens.ANSWER),
    "api:claim": Needs(ANSWER, tokens.ANSWER),
    "api:release": Needs(ANSWER, tokens.ANSWER),
}
"""The same for programs, which send a person's token; a login does not open these, so that no page can misuse it."""
