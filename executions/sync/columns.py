"""What AWS says, made to fit its column: databases refuse longer text, NUL characters, halves of a surrogate pair and
larger numbers, and one odd answer must not keep the rest from being stored. The history itself is kept as it came.
"""

LARGEST = 2**31 - 1


def text(value: object, most: int) -> str:
    """At most that many characters that can be stored; "" for None."""
    return "" if value is None else str(value).encode(errors="replace").decode().replace("\x00", "")[:most]


def number(value: float | None) -> int | None:
    """A number of seconds, megabytes or days."""
    return None if value is None else max(0, min(int(value), LARGEST))


def fits(value: str, most: int) -> bool:
    """Whether an identifier, which says nothing when it is cut, can be stored as it is."""
    return value == text(value, most)
