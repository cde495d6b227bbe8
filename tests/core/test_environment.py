"""A value that cannot be used ends the start with one sentence that names its variable."""

from pathlib import Path

import pytest

from dashboard import env

pytestmark = pytest.mark.core
KEY = "k" * 40


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("REDIS_URL", "redis:6379"),
        ("REDIS_URL", "redis://host:6379/zero"),
        ("REDIS_URL", "redis://host:99999/0"),
        ("AWS_ENDPOINT_URL_LAMBDA", "http:localhost"),
        ("AWS_ENDPOINT_URL_LAMBDA", "https://:8001"),
        ("AWS_ENDPOINT_URL_SQS", "sqs"),
        ("PUSH_QUEUE_URL", "arn:aws:sqs:eu-west-1:123456789012:durascope"),
        ("PUSH_QUEUE_URL", "https://:1/queue"),
        ("ALLOWED_HOSTS", ","),
        ("ALLOWED_HOSTS", "https://durascope.example.com"),
        ("ALLOWED_HOSTS", "durascope.example.com:8000"),
        ("CSRF_TRUSTED_ORIGINS", "https://"),
        ("CSRF_TRUSTED_ORIGINS", "https://durascope.example.com/"),
        ("DATABASE_URL", "postgresql://user@host"),
        ("DATABASE_URL", "mysql://user@host/name"),
        ("SECRET_KEY", "short"),
        ("REDACT_KEYS", "loyalty*,*"),
        ("REDACT_KEYS", "pin,-"),
        ("REDACT_KEYS", "-*"),
        ("REDACT_KEYS", "-*,-pin"),
    ],
)
def test_what_cannot_work_is_said_at_the_start(name: str, value: str) -> None:
    with pytest.raises(env.BadEnvironment, match=f"^{name} [^\n]*\\.$"):
        env.read({"SECRET_KEY": KEY, name: value})


def test_what_works_is_taken() -> None:
    read = env.read(
        {
            "SECRET_KEY": KEY,
            "DATABASE_URL": "postgresql://u:p@host/name?conn_max_age=60&atomic_requests=true&sslmode=require",
            "REDIS_URL": "rediss://:secret@host:6380/3",
            "ALLOWED_HOSTS": ".example.com, [::1], *",
            "CSRF_TRUSTED_ORIGINS": "https://*.example.com,http://a:8000",
            "REDACT_KEYS": "-*, -pin, loyalty*, пароль",
        }
    )
    assert read.redact_keys == ["-*", "-pin", "loyalty*", "пароль"]
    assert read.allowed_hosts == [".example.com", "[::1]", "*"]
    assert not {"CONN_MAX_AGE", "ATOMIC_REQUESTS"} & read.database.keys(), "pooled connections cannot be kept as well"
    assert read.database["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize("left", [None, "", "half a key"])
def test_a_key_is_made_once_and_again_when_only_a_part_of_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str | None
) -> None:
    monkeypatch.setattr(env, "VAR", tmp_path / "var")
    if left is not None:
        (tmp_path / "var").mkdir()
        (tmp_path / "var" / "secret-key").write_text(left)
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}
    keys = {env.read(database).secret_key for _ in range(2)}
    assert len(keys) == 1 and len(keys.pop()) >= 32
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret-key"]
    assert (tmp_path / "var" / "secret-key").stat().st_mode & 0o077 == 0


def test_a_small_limit_on_results_keeps_nobody_from_logging_in(settings: object) -> None:
    from dashboard import settings as ours

    assert ours.DATA_UPLOAD_MAX_MEMORY_SIZE >= 4 * ours.CALLBACK_RESULT_LIMIT + 64 * 1024
