"""What must be read again but not lie open in the database: receivers' addresses and the secrets that sign."""

import base64
import hashlib
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SECRET_PREFIX = "whsec_"  # noqa: S105
"""As the Standard Webhooks specification writes secrets; what follows is base64."""


class Unreadable(Exception):
    """It was sealed with another SECRET_KEY."""


def seal(text: str) -> str:
    return _box(settings.SECRET_KEY).encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """Raises Unreadable."""
    from cryptography.fernet import InvalidToken

    try:
        return _box(settings.SECRET_KEY).decrypt(text.encode()).decode()
    except InvalidToken:
        raise Unreadable("SECRET_KEY has changed since this rule was written: write its receiver again.") from None


def new_secret() -> str:
    """192 random bits, as they are shown once."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


@lru_cache(maxsize=4)
def _box(secret_key: str) -> "Fernet":
    # Imported where it is needed: an installation without rules does without its megabytes.
    from cryptography.fernet import Fernet

    key = hashlib.sha256(b"durascope notification rules\x00" + secret_key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
