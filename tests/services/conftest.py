"""Real services: TEST_REDIS_URL and TEST_DATABASE_URL name them. Without them these tests skip, and fail where CI is
true.
"""

import os
import urllib.parse

import pytest


def _needed(variable: str, what: str) -> str:
    url = os.environ.get(variable, "")
    if not url:
        sentence = f"{what} is needed: set {variable}"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return url


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A database of its own on that server, so that nobody else's keys are touched."""
    parts = urllib.parse.urlsplit(_needed("TEST_REDIS_URL", "Redis"))
    return urllib.parse.urlunsplit(parts._replace(path="/15"))


@pytest.fixture(scope="session")
def postgres_url() -> str:
    return _needed("TEST_DATABASE_URL", "PostgreSQL")
