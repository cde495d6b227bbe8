"""URLs of static files that change with their content, without a build step."""

import hashlib
from functools import lru_cache

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class VersionedStorage(StaticFilesStorage):
    """Adds `?v=HASH`, so that browsers may keep a file for a year and still see a new one at once."""

    def url(self, name: str | None, *args: object, **kwargs: object) -> str:
        plain = super().url(name)
        version = _version(name) if name else ""
        return f"{plain}?v={version}" if version else plain


@lru_cache(maxsize=1024)
def _version(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        return ""
    with open(path, "rb") as file:  # noqa: PTH123 - finders answer with a plain string
        return hashlib.file_digest(file, "sha256").hexdigest()[:10]
