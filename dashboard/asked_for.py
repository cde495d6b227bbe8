"""What addresses and forms ask for, as far as it can be used: numbers, and where to go next on this site."""

import re

from django.utils.http import url_has_allowed_host_and_scheme

_DIGITS = re.compile(r"[0-9]{1,19}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST = 2**63 - 1
"""No database has a larger number."""


def whole(text: str) -> int | None:
    """A number from 0 to MOST; None when the text is none."""
    number = int(text) if _DIGITS.fullmatch(text) else None
    return number if number is not None and number <= MOST else None


def here(address: str) -> str:
    """The address when it leads to this site and fits a header; "" otherwise."""
    fits = address.startswith("/") and not _CONTROL.search(address)
    return address if fits and url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""
