"""Sentences that a page can keep fresh: text that still knows which of its words are a name, and which are a clock."""

from dataclasses import dataclass

from executions.domain.words import duration


@dataclass(frozen=True, slots=True)
class Part:
    """`kind`: text; name, of what the sentence is about; since or until, where `text` tells how far `at` is (epoch
    seconds).
    """

    text: str
    kind: str = "text"
    at: float = 0.0


def name(text: str) -> Part:
    return Part(text, "name")


def since(at: float, now: float) -> Part:
    return Part(duration(now - at), "since", at)


def until(at: float, now: float) -> Part:
    return Part(duration(at - now), "until", at)


class Words(str):
    """A sentence as text; `parts` put together are the same text."""

    __slots__ = ("parts",)
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, *parts: Part | str) -> "Words":
        """Empty pieces are left out."""
        found = tuple(Part(part) if isinstance(part, str) else part for part in parts)
        found = tuple(part for part in found if part.text)
        words = cls("".join(part.text for part in found))
        words.parts = found
        return words


def parts_of(sentence: str) -> tuple[Part, ...]:
    """Those of any text."""
    if isinstance(sentence, Words):
        return sentence.parts
    return (Part(sentence),) if sentence else ()
