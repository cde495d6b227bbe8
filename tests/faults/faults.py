"""What can go wrong between the truth and who asks for it. Each plan is small and has a name; see PLANS.

A fault lasts from when it is put into `Api.faults` until it is taken out again. Chances are drawn from a seeded
generator, so that a seed and an order of calls give the same trouble again.
"""

import random
from collections.abc import Callable

from tests.faults.server import Answer, Fault, Request, error
from tests.faults.world import World

READING = frozenset({"history", "list", "get", "control"})
SLOW = 0.6
"""Seconds that a slow answer takes; the clients of these tests wait for less."""


class Truthful:
    """Changes nothing. `apis` says which calls the faults below concern."""

    def __init__(self, chance: random.Random, share: float = 1.0, apis: frozenset[str] = READING) -> None:
        self.chance, self.share, self.apis = chance, share, apis

    def strikes(self, request: Request) -> bool:
        return request.api in self.apis and self.chance.random() < self.share

    def instead(self, request: Request) -> Answer | None:
        return None

    def page_size(self, request: Request, size: int) -> int:
        return size

    def marks_the_end(self, request: Request) -> bool:
        return False

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        return answer


class Throttles(Truthful):
    """429, saying when to come back or not; the service says so in whole seconds."""

    def __init__(self, chance: random.Random, share: float, retry_after: str | None) -> None:
        super().__init__(chance, share)
        self.retry_after = retry_after

    def instead(self, request: Request) -> Answer | None:
        if not self.strikes(request):
            return None
        headers = {} if self.retry_after is None else {"Retry_After": self.retry_after}
        return error("TooManyRequestsException", 429, "Rate exceeded", **headers)


class Breaks(Truthful):
    """5xx: the service's own, a proxy's, and one without a type."""

    def instead(self, request: Request) -> Answer | None:
        if not self.strikes(request):
            return None
        return self.chance.choice(
            [
                error("ServiceException", 500, "internal"),
                Answer(b"<html>Bad Gateway</html>", 502, {"Content-Type": "text/html"}),
                Answer(b"", 503),
                Answer({"message": "Gateway Timeout"}, 504),
            ]
        )


class Slow(Truthful):
    """The answer comes after the client's read time-out."""

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        if self.strikes(request):
            answer.delay = SLOW
        return answer


class Cuts(Truthful):
    """The connection closes before the answer, or in the midst of it."""

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        if self.strikes(request):
            answer.hangs_up = self.chance.random() < 0.5
            answer.breaks_off = not answer.hangs_up
        return answer


class ShortPages(Truthful):
    """Pages of any length, also empty ones with a marker, and a marker after the last item."""

    def page_size(self, request: Request, size: int) -> int:
        return self.chance.randint(0, min(size, 4)) if self.strikes(request) else size

    def marks_the_end(self, request: Request) -> bool:
        return self.strikes(request)


class ExpiresMarkers(Truthful):
    def instead(self, request: Request) -> Answer | None:
        if request.one("Marker") and self.strikes(request):
            return error("InvalidParameterValueException", 400, "The marker is invalid or has expired.")
        return None


class LoopsMarkers(Truthful):
    """From the second page on a marker leads back to where it came from: at once, or by way of `length` others."""

    def __init__(self, chance: random.Random, length: int) -> None:
        super().__init__(chance)
        self.length = length
        self.ways: dict[str, list[str]] = {}

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        came = request.one("Marker")
        if came and answer.good and request.api in self.apis:
            way = self.ways.setdefault(request.scope, [])
            if came not in way:
                way.append(came)
            # A later listing comes by markers of its own and walks a circle of its own.
            at = way.index(came)
            first = at - at % self.length
            if len(way) >= first + self.length:
                answer.body["NextMarker"] = way[first + (at - first + 1) % self.length]
        return answer


class ListsLate(Truthful):
    """An execution is listed only some seconds after its start."""

    def __init__(self, chance: random.Random, seconds: float) -> None:
        super().__init__(chance)
        self.seconds = seconds

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        if request.operation == "ListDurableExecutionsByFunction" and answer.good:
            listed = answer.body["DurableExecutions"]
            until = world.clock.time() - self.seconds
            answer.body["DurableExecutions"] = [row for row in listed if row["StartTimestamp"] <= until]
        return answer


class ReadsLate(Truthful):
    """The last `events` of an execution are readable only `seconds` after its end, which is listed at once."""

    def __init__(self, chance: random.Random, *, seconds: float, events: int) -> None:
        super().__init__(chance)
        self.seconds, self.events = seconds, events

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        if request.operation == "GetDurableExecutionHistory" and answer.good:
            run = world.runs[request.about]
            if run.ended_at is not None and world.clock.time() < run.ended_at + self.seconds:
                last = len(run.events) - self.events
                answer.body["Events"] = [event for event in answer.body["Events"] if event["EventId"] <= last]
        return answer


class NewStatuses(Truthful):
    """A status that nobody knows, in place of one of those that an unfinished execution may have."""

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        if answer.good and "Events" not in answer.body:
            for row in answer.body.get("DurableExecutions", [answer.body]):
                if "Status" in row and "EndTimestamp" not in row and self.strikes(request):
                    row["Status"] = "HIBERNATING"
        return answer


class Refuses(Truthful):
    """Access denied to some functions, a broken key for some executions; always the same ones."""

    def __init__(self, chance: random.Random, code: str, status: int) -> None:
        super().__init__(chance)
        self.code, self.status = code, status
        self.chosen: dict[str, bool] = {}

    def instead(self, request: Request) -> Answer | None:
        concerned = request.about and not (self.code.startswith("KMS") and request.api == "list")
        if concerned and self.chosen.setdefault(request.about, self.chance.random() < 0.5):
            return error(self.code, self.status, f"not allowed: {request.operation}")
        return None


class NotFoundAtFirst(Truthful):
    """What is listed already cannot be read for some seconds: it is answered 404."""

    def __init__(self, chance: random.Random, seconds: float) -> None:
        super().__init__(chance)
        self.seconds = seconds

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        run = world.runs.get(request.about)
        if run is not None and world.clock.time() < run.started_at + self.seconds:
            return error("ResourceNotFoundException", 404)
        return answer


class Garbles(Truthful):
    """200, and a body that is no answer."""

    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
        if self.strikes(request):
            body = self.chance.choice(
                [b"<html>Log in to the Wi-Fi</html>", b"[]", b"null", b'{"Events": [', b"", b"\xff\xfe", b"{}", b'""']
            )
            return Answer(body)
        return answer


PLANS: dict[str, Callable[[random.Random], Fault]] = {
    "half of the calls throttled": lambda chance: Throttles(chance, 0.5, None),
    "half of the calls throttled, with Retry-After": lambda chance: Throttles(chance, 0.5, "2"),
    "all calls throttled": lambda chance: Throttles(chance, 1.0, None),
    "all calls throttled, with Retry-After": lambda chance: Throttles(chance, 1.0, "3"),
    "server errors": lambda chance: Breaks(chance, 0.5),
    "nothing but server errors": lambda chance: Breaks(chance, 1.0),
    "slow answers": lambda chance: Slow(chance, 0.06),
    "cut connections": lambda chance: Cuts(chance, 0.3),
    "short and empty pages": lambda chance: ShortPages(chance, 0.5),
    "expired markers": lambda chance: ExpiresMarkers(chance, 0.4),
    "markers that lead back to themselves": lambda chance: LoopsMarkers(chance, 1),
    "markers that go in a circle": lambda chance: LoopsMarkers(chance, 2),
    "executions that are listed late": lambda chance: ListsLate(chance, 40.0),
    "an end that is readable late": lambda chance: ReadsLate(chance, seconds=120.0, events=2),
    "events and their end that are readable late": lambda chance: ReadsLate(chance, seconds=30.0, events=9),
    "statuses that nobody knows": lambda chance: NewStatuses(chance, 0.5),
    "functions and executions that are denied": lambda chance: Refuses(chance, "AccessDeniedException", 403),
    "executions with a broken key": lambda chance: Refuses(chance, "KMSDisabledException", 502),
    "executions that are not found at first": lambda chance: NotFoundAtFirst(chance, 8.0),
    "answers that are none": lambda chance: Garbles(chance, 0.3),
}
