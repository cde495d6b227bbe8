"""Permissions by name, and the roles that have them."""

VIEW = "executions.view_execution"
START = "executions.start_executions"
STOP = "executions.stop_executions"
PAUSE = "executions.pause_executions"
REMOVE = "executions.remove_executions"
BULK = "executions.act_in_bulk"
PREPARE = "executions.prepare_events"
HEARTBEAT = "executions.heartbeat_callbacks"
ANSWER = "executions.answer_callbacks"
AUDIT = "executions.read_audit"
REVEAL = "executions.reveal_secrets"
SHARE = "executions.share_executions"
IMPORT = "executions.import_histories"
DECISIONS = "executions.write_decisions"
PEOPLE = "auth.change_user"
"""To see and end others' sessions, and the like. Django's own; of our roles only admin, a superuser, has it."""
NOTICES = "executions.write_notices"
BULK_KINDS = {"stop": STOP, "pause": PAUSE, "resume": PAUSE, "delete": REMOVE}
"""What can be done to many at once, and the permission that it needs besides BULK."""
ANSWERS = ("succeed", "fail")
"""What can be done to many callbacks at once: whoever answers one may answer several alike."""

ROLES: dict[str, tuple[str, ...]] = {
    "viewer": (VIEW,),
    "operator": (VIEW, STOP, PAUSE, HEARTBEAT, AUDIT, SHARE, IMPORT),
    "approver": (VIEW, STOP, PAUSE, HEARTBEAT, AUDIT, SHARE, IMPORT, ANSWER),
    "admin": (
        VIEW,
        STOP,
        PAUSE,
        HEARTBEAT,
        AUDIT,
        SHARE,
        IMPORT,
        ANSWER,
        START,
        REMOVE,
        BULK,
        PREPARE,
        REVEAL,
        DECISIONS,
        NOTICES,
    ),
}
"""The groups that a migration makes. An admin may also manage users, as a superuser of Django's command line."""
