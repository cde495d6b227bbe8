"""One POST to an address that somebody has written: to nowhere but where it may go, and for no longer than it may take.

The connection is made to the very address that was checked, so that a name which answers differently the second time
leads nowhere else. Redirects are not followed, proxies not used, the answer's body is not looked at.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from executions.domain import addresses

CONNECT_SECONDS = 5.0
ALL_SECONDS = 15.0
MOST_ADDRESSES = 4
MOST_BODY = 16 * 1024
"""Bytes of the answer that are taken from the line before it is closed; nobody looks at them."""


@dataclass(frozen=True)
class Answer:
    status: int
    retry_after: str = ""


class Forbidden(Exception):
    """Nothing may be sent there."""


class NotReached(Exception):
    """Nothing was sent."""


class Lost(Exception):
    """It was sent, at least in part, and no answer came."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Raises Forbidden, NotReached or Lost, in words that say nothing of the path."""
    if wrong := addresses.wrong_with(url):
        raise Forbidden(wrong)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _connection(parts.scheme, parts.hostname or "", parts.port) as connection, _at_the_most(connection):
        try:
            connection.request(
                "POST", target, body=body, headers={"User-Agent": "Durascope", **headers}, preload_content=False
            )
            answer = connection.getresponse()
            with contextlib.suppress(HTTPError, http.client.HTTPException, OSError, ValueError):
                answer.read(MOST_BODY, decode_content=False)
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            raise Lost(f"The receiver took the connection, and then gave no answer ({_kind(error)}).") from None
        return Answer(answer.status, answer.headers.get("Retry-After", ""))


class _Guarded(HTTPConnection):
    """Connects to addresses that may be reached, whatever the name says afterwards."""

    def _new_conn(self) -> socket.socket:
        named, why = settings.NOTIFY_NETWORKS, "it has no address"
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NotReached("The name of the receiver could not be looked up.") from None
        for family, kind, protocol, _, address in found[:MOST_ADDRESSES]:
            ip = str(address[0])
            if refused := addresses.refusal(ip, named):
                why = refused
            elif isinstance(self, HTTPSConnection) or addresses.is_named(ip, named):
                if (made := _connect(family, kind, protocol, address)) is not None:
                    return made
                why = ""
            else:
                why = "it is public, and public addresses are sent to by https only"
        if why:
            raise Forbidden(f"Nothing is sent to this receiver's address: {why}.")
        raise NotReached("The receiver did not take the connection.")


class _GuardedTls(_Guarded, HTTPSConnection):
    """The certificate is checked against the name."""


def _connect(family: int, kind: int, protocol: int, address: Any) -> socket.socket | None:
    made = socket.socket(family, kind, protocol)
    made.settimeout(CONNECT_SECONDS)
    try:
        made.connect(address)
    except OSError:
        made.close()
        return None
    return made


@contextlib.contextmanager
def _connection(scheme: str, host: str, port: int | None) -> Iterator[HTTPConnection]:
    """Connected. Raises Forbidden or NotReached."""
    made: HTTPConnection = (
        _GuardedTls(host, port, timeout=CONNECT_SECONDS, ssl_context=ssl.create_default_context())
        if scheme == "https"
        else _Guarded(host, port, timeout=CONNECT_SECONDS)
    )
    try:
        try:
            made.connect()
        except ssl.SSLCertVerificationError as error:
            raise NotReached(f"The receiver's certificate is not good: {error.verify_message}.") from None
        except (HTTPError, OSError, ValueError) as error:
            raise NotReached(f"The receiver did not speak TLS as it should ({_kind(error)}).") from None
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def _at_the_most(connection: HTTPConnection) -> Iterator[None]:
    """Ends the connection when all of it takes too long: who sends a byte now and then would never be through."""
    line = connection.sock
    if line is None:
        raise NotReached("The receiver did not take the connection.")
    line.settimeout(ALL_SECONDS)

    def end() -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)

    watch = threading.Timer(ALL_SECONDS, end)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _kind(error: Exception) -> str:
    return "it took too long" if isinstance(error, TimeoutError) else type(error).__name__
