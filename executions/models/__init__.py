"""What is stored: the mirror of AWS, what people did, who sees what."""

from executions.models.acts import ActionRecord, Bulk, BulkRow, Claim, DecisionForm, InputSchema, PreparedEvent
from executions.models.mirror import (
    TERMINAL,
    Callback,
    Connection,
    Execution,
    Function,
    HistoryImport,
    HistoryPage,
    Lease,
    MissingOperation,
    StatusCount,
    Trouble,
)
from executions.models.notices import Delivery, Notice, NoticeCursor, NoticeRule
from executions.models.people import ApiToken, Scope, ShareLink

__all__ = [
    "TERMINAL",
    "ActionRecord",
    "ApiToken",
    "Bulk",
    "BulkRow",
    "Callback",
    "Claim",
    "Connection",
    "DecisionForm",
    "Delivery",
    "Execution",
    "Function",
    "HistoryImport",
    "HistoryPage",
    "InputSchema",
    "Lease",
    "MissingOperation",
    "Notice",
    "NoticeCursor",
    "NoticeRule",
    "PreparedEvent",
    "Scope",
    "ShareLink",
    "StatusCount",
    "Trouble",
]
