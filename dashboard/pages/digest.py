"""Numbers of a whole history that take milliseconds to count, counted once for each revision of it."""

import threading
from dataclasses import dataclass

from cachetools import LRUCache

from executions import histories
from executions.domain.about import about_input
from executions.domain.checkpoints import Batch, batch_count, batches
from executions.domain.events import Payload
from executions.domain.history import History
from executions.history_pages import CutText
from executions.models import Execution
from executions.sharing import patterns


@dataclass(frozen=True)
class Digest:
    """`stored_bytes` is close to what AWS counts: payloads only, long ones by their characters.

    `about`: the gist of the input without its secrets, "" when that tells nothing.
    """

    stored_bytes: int
    batch_count: int
    about: str


_CACHED_BATCHES = 50_000
_digests: LRUCache[tuple[int, int], Digest] = LRUCache(maxsize=2_000)
_batches: LRUCache[tuple[int, int], tuple[Batch, ...]] = LRUCache(
    maxsize=_CACHED_BATCHES, getsizeof=lambda batches: max(1, len(batches))
)
_lock = threading.Lock()


def of(execution: Execution) -> Digest:
    key = (execution.pk, execution.revision)
    with _lock:
        found = _digests.get(key)
    if found is None:
        history = histories.history_of(execution)
        found = Digest(_stored(history), batch_count(history.events), about_input(history.execution.input, patterns()))
        with _lock:
            _digests[key] = found
    return found


def batches_of(execution: Execution) -> tuple[Batch, ...]:
    """The checkpoints' batches with their words, which only the checkpoints' page needs."""
    key = (execution.pk, execution.revision)
    with _lock:
        found = _batches.get(key)
    if found is None:
        found = batches(histories.history_of(execution).events)
        if len(found) <= _CACHED_BATCHES:
            with _lock:
                _batches[key] = found
    return found


def _stored(history: History) -> int:
    return sum(_source_size(source) for event in history.events if (source := event.payload_source) is not None)


def payload_size(payload: Payload) -> int:
    """How large a payload is, also when only its beginning has been read."""
    return _source_size(payload.source)


def _source_size(source: object) -> int:
    return sum(_size(value) for value in source.values()) if isinstance(source, dict) else _size(source)


def _size(value: object) -> int:
    if isinstance(value, CutText):
        return value.size
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    return sum(_size(item) for item in value) if isinstance(value, list) else len(str(value))
