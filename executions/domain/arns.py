"""Amazon Resource Names of functions and of durable executions.

An execution's ARN is `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME:VERSION/durable-execution/EXECUTION_NAME/ID`,
of at most 1,024 characters (botocore's `DurableExecutionArn`). It contains `:`, `/` and `$`, so none of them splits it.
"""

import re
from dataclasses import dataclass
from typing import Self

MAX_LENGTH = 1024
_MARK = "/durable-execution/"
_ODD = re.compile(r"[\s\x00-\x1f\x7f]")
_PREFIX = re.compile(r"arn:([A-Za-z0-9-]+):lambda:([A-Za-z0-9-]+):(\d{12}):function:(.+)", re.ASCII)


class InvalidArn(ValueError):
    """The text is not the ARN it should be; the message says why in a sentence that can be shown to a person."""


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _split(text: str, what: str) -> tuple[str, str, str, str]:
    """(partition, region, account, all that follows `function:`)"""
    if not text:
        raise InvalidArn(f"This is empty; {what} is needed.")
    if len(text) > MAX_LENGTH:
        raise InvalidArn(f"This is {len(text):,} characters long; an ARN has at most {MAX_LENGTH:,}.")
    if _ODD.search(text):
        raise InvalidArn(f"{_shown(text)} contains a space or a control character, which no ARN does.")
    found = _PREFIX.fullmatch(text)
    if found is None:
        raise InvalidArn(
            f"{_shown(text)} is not {what}: it should begin with "
            "'arn:PARTITION:lambda:REGION:ACCOUNT:function:', with an account of 12 digits."
        )
    partition, region, account, rest = found.groups()
    return partition, region, account, rest


@dataclass(frozen=True, slots=True)
class FunctionArn:
    """`arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`; qualified by a version, `$LATEST` or alias."""

    partition: str
    region: str
    account: str
    name: str
    qualifier: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidArn. Surrounding white space is ignored."""
        text = text.strip()
        partition, region, account, rest = _split(text, "the ARN of a function")
        if _MARK in rest:
            raise InvalidArn(f"{_shown(text)} is the ARN of a durable execution, not of a function.")
        name, colon, qualifier = rest.partition(":")
        if not name or "/" in rest or ":" in qualifier or (colon and not qualifier):
            raise InvalidArn(f"{_shown(text)} should end in 'function:NAME' or 'function:NAME:QUALIFIER'.")
        return cls(partition, region, account, name, qualifier or None)

    def __str__(self) -> str:
        base = f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{self.name}"
        return base if self.qualifier is None else f"{base}:{self.qualifier}"


@dataclass(frozen=True, slots=True)
class ExecutionArn:
    """One durable execution. `version` is `$LATEST`, `$LATEST.PUBLISHED` or a number; AWS never puts an alias there."""

    partition: str
    region: str
    account: str
    function_name: str
    version: str
    execution_name: str
    execution_id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidArn. Surrounding white space is ignored.

        The first mark and the last slash decide, so an execution's name may itself hold slashes; names and versions
        are otherwise taken as AWS gives them.
        """
        text = text.strip()
        partition, region, account, rest = _split(text, "the ARN of a durable execution")
        function, mark, execution = rest.partition(_MARK)
        if not mark:
            raise InvalidArn(f"{_shown(text)} names a function, but no durable execution of it ('{_MARK}' is missing).")
        name, _, version = function.partition(":")
        if not name or not version or "/" in function or ":" in version:
            raise InvalidArn(f"{_shown(text)} should name a function and its version before '{_MARK}'.")
        execution_name, _, execution_id = execution.rpartition("/")
        if not execution_name or not execution_id:
            raise InvalidArn(f"{_shown(text)} should end in '{_MARK}NAME/ID'.")
        return cls(partition, region, account, name, version, execution_name, execution_id)

    @property
    def function_arn(self) -> FunctionArn:
        """The function without its version."""
        return FunctionArn(self.partition, self.region, self.account, self.function_name)

    @property
    def qualified_function_arn(self) -> FunctionArn:
        return FunctionArn(self.partition, self.region, self.account, self.function_name, self.version)

    def __str__(self) -> str:
        return f"{self.qualified_function_arn}{_MARK}{self.execution_name}/{self.execution_id}"
