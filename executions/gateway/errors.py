"""What can go wrong with AWS, in kinds we act on and in words a person can use.

`triage` is closed by default: an error that is not in the table is not retried and is shown with AWS's own words.
"""

from dataclasses import dataclass
from typing import Any

import botocore.exceptions as boto

KMS_CODES = frozenset(
    ["KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException"]
)
QUEUE_KMS_CODES = frozenset(["KmsAccessDenied", "KmsDisabled", "KmsInvalidState", "KmsNotFound"])


@dataclass(eq=False)
class GatewayError(Exception):
    """AWS did not do what was asked. `words` is a sentence for a person, `remedy` says what to do about it.

    `maybe_done` is true when AWS may have carried out the request all the same (the answer was lost).
    """

    words: str
    remedy: str = ""
    code: str = ""
    request_id: str = ""
    maybe_done: bool = False
    retry_after: float | None = None

    kind = "error"
    retry = False

    def __str__(self) -> str:
        return f"{self.words} {self.remedy}".strip()


class NotFound(GatewayError):
    kind = "not-found"


class Throttled(GatewayError):
    kind = "throttled"
    retry = True


class Denied(GatewayError):
    kind = "denied"


class KeyTrouble(GatewayError):
    kind = "kms"


class NoCredentials(GatewayError):
    kind = "credentials"


class Unreachable(GatewayError):
    kind = "unreachable"
    retry = True


class ServiceTrouble(GatewayError):
    kind = "service"
    retry = True


class NotUnderstood(GatewayError):
    """AWS, or something that stands in its place, answered with what is no answer of the Lambda API."""

    kind = "answer"


class CallbackClosed(GatewayError):
    kind = "callback-closed"


class Refused(GatewayError):
    kind = "refused"


class NotSupported(GatewayError):
    """What stands behind the endpoint does not know this operation, as AWS's emulator does not know them all."""

    kind = "unsupported"


class OverBudget(GatewayError):
    """We did not ask: our own share of AWS's quota was used up for longer than the caller could wait."""

    kind = "budget"
    retry = True


class TooLate(GatewayError):
    """We did not ask: the request had waited for so long that it might have been taken for lost meanwhile."""

    kind = "late"
    retry = True


class PushSilent(GatewayError):
    """Nothing has failed, but the push queue has not told what polling has found."""

    kind = "push"


class TooSlow(GatewayError):
    """Somebody waits, and AWS needs longer than that; nothing is wrong."""

    kind = "slow"
    retry = True


_WAIT = "Durascope slows down and tries again by itself."
_TABLE: dict[str, tuple[type[GatewayError], str]] = {
    "ResourceNotFoundException": (NotFound, ""),
    "TooManyRequestsException": (Throttled, _WAIT),
    "ThrottlingException": (Throttled, _WAIT),
    "Throttling": (Throttled, _WAIT),
    "AccessDeniedException": (Denied, "Grant the permission that AWS names (docs/iam.md has the whole policy)."),
    "AccessDenied": (Denied, "Grant the permission that AWS names (docs/iam.md has the whole policy)."),
    "UnrecognizedClientException": (NoCredentials, "Check the AWS credentials of this installation."),
    "InvalidClientTokenId": (NoCredentials, "Check the AWS credentials of this installation."),
    "InvalidSignatureException": (NoCredentials, "Check the AWS secret key and this machine's clock."),
    "SignatureDoesNotMatch": (NoCredentials, "Check the AWS secret key and this machine's clock."),
    "ExpiredTokenException": (NoCredentials, "The AWS session has expired: renew the credentials."),
    "ExpiredToken": (NoCredentials, "The AWS session has expired: renew the credentials."),
    "CallbackTimeoutException": (CallbackClosed, "It was answered already, or its time ran out."),
    "ResourceConflictException": (Refused, ""),
    "InvalidParameterValueException": (Refused, ""),
    "InvalidRequestContentException": (Refused, ""),
    "RequestTooLargeException": (Refused, "Send less."),
    "DurableExecutionAlreadyStartedException": (Refused, ""),
    "ServiceException": (ServiceTrouble, _WAIT),
    "InternalFailure": (ServiceTrouble, _WAIT),
    "ServiceUnavailable": (ServiceTrouble, _WAIT),
    **dict.fromkeys(
        ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        (NotFound, "Check PUSH_QUEUE_URL or push_queue, and that the queue is in this Region."),
    ),
    **dict.fromkeys(("RequestThrottled", "KmsThrottled"), (Throttled, _WAIT)),
    **dict.fromkeys(QUEUE_KMS_CODES | KMS_CODES, (KeyTrouble, "Check the customer-managed key's policy and state.")),
}
# The settings are at fault, not the network.
_SETTINGS = (
    boto.ConfigNotFound,
    boto.ConfigParseError,
    boto.InvalidConfigError,
    boto.InvalidRegionError,
    boto.ProfileNotFound,
    boto.UnknownCredentialError,
)
_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
    boto.SSOError,
    boto.TokenRetrievalError,
    boto.RefreshWithMFAUnsupportedError,
)
# The request may have reached AWS when the answer is what got lost.
_LOST_ANSWER = (
    boto.ReadTimeoutError,
    boto.ConnectionClosedError,
    boto.IncompleteReadError,
    boto.ResponseStreamingError,
)


def triage(error: Exception, *, asked: str, endpoint: str = "AWS_ENDPOINT_URL_LAMBDA") -> GatewayError:
    """Turn whatever was raised while `asked` ("list executions of NAME") into one of our errors. `endpoint` is the
    variable that says where the service is.
    """
    if isinstance(error, GatewayError):
        return error  # raised on the way to AWS, in our words already
    if isinstance(error, boto.ClientError):
        return _answered(error, asked)
    if isinstance(error, _SETTINGS):
        return NoCredentials(f"The AWS settings cannot be used: {str(error).rstrip('.')}.", "Correct them.")
    if isinstance(error, _CREDENTIALS):
        return NoCredentials(
            f"There are no AWS credentials to {asked} with.", "Set AWS_ACCESS_KEY_ID and the others, or a role."
        )
    if isinstance(error, boto.NoRegionError):
        return NoCredentials(f"No AWS Region is set to {asked} in.", "Set AWS_REGION or AWS_DEFAULT_REGION.")
    if isinstance(error, boto.ParamValidationError):
        return Refused(f"AWS would not accept this request to {asked}: {error}")
    if isinstance(error, _LOST_ANSWER):
        return Unreachable(f"AWS did not answer the request to {asked} in time.", _WAIT, maybe_done=True)
    if isinstance(error, (boto.HTTPClientError, boto.BotoCoreError)):
        return Unreachable(
            f"AWS cannot be reached to {asked}: {type(error).__name__}.",
            f"Check the network and {endpoint}.",
            maybe_done=not isinstance(error, (boto.EndpointConnectionError, boto.ConnectTimeoutError)),
        )
    return NotUnderstood(
        f"The answer to the request to {asked} cannot be read: {type(error).__name__}.",
        f"Check that {endpoint}, and any proxy between, leads to AWS.",
        maybe_done=True,
    )


def _answered(error: boto.ClientError, asked: str) -> GatewayError:
    answer = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    code, status = str(answer.get("Code", "")), int(meta.get("HTTPStatusCode", 0) or 0)
    known, remedy = _TABLE.get(code, (None, ""))
    if known is None and _unknown_operation(code, status, answer):
        known, status = NotSupported, 0  # it was certainly not carried out
    if known is None:
        known = Throttled if status == 429 else ServiceTrouble if status >= 500 else GatewayError
        remedy = _WAIT if known.retry else ""
    said = str(answer.get("Message") or error.response.get("message") or "no reason given")
    return known(
        f"AWS refused to {asked}: {said} ({code})." if not known.retry else f"AWS could not {asked}: {said} ({code}).",
        remedy,
        code=code,
        request_id=str(meta.get("RequestId", "")),
        maybe_done=status >= 500,
        retry_after=_seconds(error.response.get("retryAfterSeconds") or meta.get("HTTPHeaders", {}).get("retry-after")),
    )


def _unknown_operation(code: str, status: int, answer: Any) -> bool:
    """AWS and gateways say so by a code or a status; AWS's emulator by a 500 that names the path."""
    if code in ("UnknownOperationException", "UnknownOperation") or status in (405, 501):
        return True
    if status == 404:
        return code in ("", "404", "Not Found")
    return status == 500 and "Unknown path pattern" in str(answer.get("Message", ""))


def _seconds(value: object) -> float | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return min(seconds, 300.0) if 0 <= seconds < 1e6 else None
