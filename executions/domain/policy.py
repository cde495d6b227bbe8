"""The IAM policies that Durascope needs: the one source for docs/iam.md, the page of connections and the preflight.

An execution's ARN is that of a function version with more behind it, so that most actions are matched only by `:*`;
listing is authorised on the function as the caller wrote it, hence both forms.
"""

from typing import Any

UNQUALIFIED, QUALIFIED, EVERYTHING = "NAME", "NAME:*", "*"

READ: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("FindFunctions", ("lambda:ListFunctions",), (EVERYTHING,)),
    (
        "ReadFunctionsAndListTheirExecutions",
        ("lambda:GetFunctionConfiguration", "lambda:ListDurableExecutionsByFunction"),
        (UNQUALIFIED, QUALIFIED),
    ),
    (
        "ReadExecutions",
        ("lambda:GetDurableExecution", "lambda:GetDurableExecutionHistory"),
        (QUALIFIED,),
    ),
)
ACT: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "StopPauseAndAnswer",
        (
            "lambda:InvokeFunction",
            "lambda:StopDurableExecution",
            "lambda:PauseDurableExecution",
            "lambda:ResumeDurableExecution",
            "lambda:DeleteDurableExecution",
            "lambda:SendDurableExecutionCallbackSuccess",
            "lambda:SendDurableExecutionCallbackFailure",
            "lambda:SendDurableExecutionCallbackHeartbeat",
        ),
        (QUALIFIED,),
    ),
)

PUSH_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
QUEUE, DEAD_LETTER_QUEUE = "QUEUE", "DEAD_LETTER_QUEUE"
ASSUME_ROLE, ROLE = "sts:AssumeRole", "ROLE"
"""What the identity needs that assumes a connection's role; the role's trust policy has to allow it as well."""


def document(
    grants: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...],
    *,
    partition: str = "aws",
    region: str = "REGION",
    account: str = "ACCOUNT",
    functions: tuple[str, ...] = ("NAME",),
    queue: str = "",
) -> dict[str, Any]:
    """A policy as AWS takes it: READ, ACT or both together, for these functions (names or patterns); to read the push
    queue of this ARN as well, and to count what is in the one for its dead letters, whose name has to be put in.
    """
    prefix = f"arn:{partition}:lambda:{region}:{account}:function:"

    def resources(forms: tuple[str, ...]) -> list[str]:
        if EVERYTHING in forms:
            return [EVERYTHING]
        return [prefix + form.replace(UNQUALIFIED, name, 1) for name in functions for form in forms]

    statements: list[dict[str, Any]] = [
        {"Sid": sid, "Effect": "Allow", "Action": _one_or_all(list(actions)), "Resource": _one_or_all(resources(forms))}
        for sid, actions, forms in grants
    ]
    if queue:
        told = {"Sid": "ReadThePushQueue", "Effect": "Allow", "Action": list(PUSH_ACTIONS), "Resource": queue}
        dead = queue.rpartition(":")[0] + ":" + DEAD_LETTER_QUEUE
        count = {"Sid": "CountDeadLetters", "Effect": "Allow", "Action": "sqs:GetQueueAttributes", "Resource": dead}
        statements += [told, count]
    return {"Version": "2012-10-17", "Statement": statements}


def forms_of(action: str) -> tuple[str, ...]:
    """In which forms a policy must name the resource of an action."""
    if action in PUSH_ACTIONS:
        return (QUEUE,)
    if action == ASSUME_ROLE:
        return (ROLE,)
    return next(forms for _, actions, forms in READ + ACT if action in actions)


def resource_words(forms: tuple[str, ...]) -> str:
    """How a policy must name the resource, in words."""
    return " and ".join(form if form in (EVERYTHING, QUEUE, ROLE) else f"function:{form}" for form in forms)


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
