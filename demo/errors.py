"""Errors in Lambda's wire form.

Shape on the wire (rest-json): the HTTP status, the header ``x-amzn-ErrorType`` with the bare type name, and a body
``{"Type": "User"|"Service", "message"|"Message": TEXT}``. Without the header botocore cannot raise its typed
exceptions. Statuses and member names are those of botocore's ``lambda`` service model.
"""

from __future__ import annotations

# type name -> (HTTP status, name of the message member)
_WIRE: dict[str, tuple[int, str]] = {
    "CallbackTimeoutException": (400, "Message"),
    "DurableExecutionAlreadyStartedException": (409, "Message"),
    "InvalidParameterValueException": (400, "message"),
    "InvalidRequestContentException": (400, "message"),
    "RequestTooLargeException": (413, "message"),
    "ResourceConflictException": (409, "Message"),
    "ResourceNotFoundException": (404, "Message"),
    "ServiceException": (500, "Message"),
    "UnknownOperationException": (404, "message"),
}


class ApiError(Exception):
    """One typed refusal; ``type_name`` must be a key of the wire table."""

    def __init__(self, type_name: str, message: str) -> None:
        super().__init__(message)
        self.type_name = type_name
        self.message = message
        self.status, self._member = _WIRE[type_name]

    def body(self) -> dict[str, str]:
        """The JSON body."""
        return {"Type": "Service" if self.status >= 500 else "User", self._member: self.message}


def invalid(message: str) -> ApiError:
    """A parameter that is wrong in itself (HTTP 400)."""
    return ApiError("InvalidParameterValueException", message)


def conflict(message: str) -> ApiError:
    """A state in which this cannot be done (HTTP 409)."""
    return ApiError("ResourceConflictException", message)


def not_found(message: str) -> ApiError:
    """A function, execution or callback that does not exist (HTTP 404)."""
    return ApiError("ResourceNotFoundException", message)
