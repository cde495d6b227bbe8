"""Structured logs: one line an event, key=value for people or JSON for machines."""

import logging
import re
import sys
from typing import Any

import structlog

_SLASH = r"(?:/|%(?:25)*2F)"
"""Also as it stands in an address inside another one."""
_TOKEN = re.compile(rf"({_SLASH}shared{_SLASH})[\w-]+", re.IGNORECASE)


def without_tokens(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A share link's address opens by itself: it is never written down whole, in no field and no traceback."""
    for key, value in event.items():
        if isinstance(value, str) and "shared" in value.lower():
            event[key] = _TOKEN.sub(r"\1…", value)
    return event


def _access_without_tokens(record: logging.LogRecord) -> bool:
    """The same for uvicorn's own log of requests."""
    if isinstance(record.args, tuple):
        record.args = tuple(_TOKEN.sub(r"\1…", one) if isinstance(one, str) else one for one in record.args)
    return True


def _refusal_without_traceback(record: logging.LogRecord) -> bool:
    """Of a request that is answered with a 4xx its line says what was wrong; where that was noticed is no news."""
    if record.levelno < logging.ERROR:
        record.exc_info = None
    return True


def configure(*, level: str, style: str) -> None:
    """Route both structlog and the standard library's loggers to standard error in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_tokens,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("uvicorn.access").addFilter(_access_without_tokens)
    logging.getLogger("django.request").addFilter(_refusal_without_traceback)
    for chatty in (
        "botocore",
        "boto3",
        "urllib3",
        "celery.app.trace",
        "celery.worker.strategy",
        "celery.beat",
        "celery.worker.consumer.connection",
        "kombu",
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)
