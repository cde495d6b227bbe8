"""Real services: TEST_REDIS_URL and TEST_DATABASE_URL name them. Without them these tests skip, and fail where CI is
true.
"""

import os

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
    """A Redis database that tests may empty: name one that nothing else uses."""
    return _needed("TEST_REDIS_URL", "Redis")


@pytest.fixture(scope="session")
def postgres_url() -> str:
    return _needed("TEST_DATABASE_URL", "PostgreSQL")
