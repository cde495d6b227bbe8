"""One e-mail, by Django's mail backend: what is certain about it afterwards, and what is not."""

import contextlib
import smtplib
from collections.abc import Sequence
from uuid import UUID

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend


class Rejected(Exception):
    """The mail server has said no; `for_good` when it will again."""

    def __init__(self, words: str, *, for_good: bool):
        super().__init__(words)
        self.for_good = for_good


class NotReached(Exception):
    """No mail server was reached, or it let nobody in: nothing was sent."""


class Lost(Exception):
    """It was being sent when the line broke."""


def send(*, subject: str, text: str, to: Sequence[str], key: UUID) -> None:
    """Raises Rejected, NotReached or Lost."""
    headers = {"Message-ID": f"<{key}@durascope>", "Auto-Submitted": "auto-generated"}
    connection: BaseEmailBackend = get_connection()
    try:
        connection.open()
    except smtplib.SMTPException as error:
        raise NotReached(f"The mail server did not let us in ({_code(error) or type(error).__name__}).") from None
    except OSError as error:
        raise NotReached(f"The mail server was not reached: {error.strerror or type(error).__name__}.") from None
    try:
        connection.send_messages([EmailMessage(subject, text, to=list(to), headers=headers)])
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        said = ", ".join(sorted({str(code) for code in codes}))
        raise Rejected(f"The mail server refused the recipients ({said}).", for_good=min(codes) >= 500) from None
    except smtplib.SMTPResponseException as error:
        raise Rejected(f"The mail server refused it ({_code(error)}).", for_good=error.smtp_code >= 500) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Lost(f"The line to the mail server broke while it was being sent ({type(error).__name__}).") from None
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.close()


def _code(error: Exception) -> str:
    return str(error.smtp_code) if isinstance(error, smtplib.SMTPResponseException) else ""
