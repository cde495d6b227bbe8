"""Messages sent for real: to HTTP receivers and a mail server on 127.0.0.1, and to where they may not go."""

import base64
import contextlib
import datetime as dt
import email
import ipaddress
import json
import re
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.mail import EmailMessage
from django.utils import timezone

from executions.domain.addresses import networks
from executions.domain.messages import Item, Message
from executions.domain.notices import Event
from executions.notices import outgoing, sealing, sending
from executions.notices.sending import End, Outcome
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db]
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "notifications.md"


class Receiver:
    """An HTTP server; `answer` writes its answers."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: plain(handler, 200)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                with contextlib.suppress(OSError):
                    receiver.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


def plain(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(address: str = "127.0.0.1") -> Receiver:
        made.append(Receiver(address))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture
def inside(settings: Any) -> None:
    settings.NOTIFY_NETWORKS = networks(["127.0.0.0/8"])


def message(**values: Any) -> Message:
    now = timezone.now()
    item = Item(Event.OPENED, now, "prod", "https://d.example/x", "refund", "order-1", "arn:x", "manager approval")
    said: dict[str, Any] = {"key": "k", "rule": "On call", "team": "payments", "rule_url": "", "items": [item]}
    return Message(**{"total": 1, "now": now, **said, **values})


def send(url: str, channel: str = "webhook", key: uuid.UUID | None = None) -> Outcome:
    return sending.send(factories.notice_rule(url, channel=channel), message(), key or uuid.uuid4())


def verifier() -> Callable[[dict[str, str], bytes, str], bool]:
    """The function that the document shows."""
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert code
    found: dict[str, Any] = {}
    exec(code[1], found)  # noqa: S102
    return found["is_genuine"]  # type: ignore[no-any-return]


def test_a_receiver_can_tell_who_sent_it_by_what_the_document_shows(
    inside: None, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    rule = factories.notice_rule(f"http://127.0.0.1:{receiver.port}/in?x=1")
    key = uuid.uuid4()
    outcome = sending.send(rule, message(), key)
    assert outcome == Outcome(End.SENT, "The receiver took it (200).")
    [(path, headers, body)] = receiver.got
    assert (path, headers["webhook-id"], headers["content-type"]) == ("/in?x=1", str(key), "application/json")
    genuine, secret = verifier(), sealing.unseal(rule.secret)
    assert genuine(headers, body, secret)
    assert not genuine(headers, body + b" ", secret)
    assert not genuine({**headers, "webhook-id": str(uuid.uuid4())}, body, secret)
    assert not genuine(headers, body, sealing.new_secret())
    old = str(int(headers["webhook-timestamp"]) - 301)
    assert not genuine({**headers, "webhook-timestamp": old}, body, secret)
    assert json.loads(body)["data"]["events"][0]["callback"]["name"] == "manager approval"


def test_what_the_document_shows_as_a_body_has_the_fields_that_are_sent(
    inside: None, receivers: Callable[..., Receiver]
) -> None:
    block = re.search(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert block
    receiver = receivers()
    send(f"http://127.0.0.1:{receiver.port}/")
    sent, shown = json.loads(receiver.got[0][2]), json.loads(block[1])
    assert set(sent) == set(shown) and set(sent["data"]) == set(shown["data"])
    assert set(sent["data"]["events"][0]) == set(shown["data"]["events"][0])


def test_slack_gets_a_text(inside: None, receivers: Callable[..., Receiver]) -> None:
    receiver = receivers()
    assert send(f"http://127.0.0.1:{receiver.port}/services/T/B/x", "slack").end == End.SENT
    [(_, headers, body)] = receiver.got
    assert list(json.loads(body)) == ["text"] and "manager approval" in json.loads(body)["text"]
    assert "webhook-signature" not in headers


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (204, End.SENT),
        (400, End.NEVER),
        (404, End.NEVER),
        (408, End.AGAIN),
        (429, End.AGAIN),
        (500, End.AGAIN),
        (503, End.AGAIN),
    ],
)
def test_a_status_says_whether_to_try_again(
    status: int, end: End, inside: None, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    receiver.answer = lambda handler: plain(handler, status)
    outcome = send(f"http://127.0.0.1:{receiver.port}/")
    assert outcome.end == end and str(status) in outcome.words


def test_what_slack_broke_over_may_have_been_posted_and_is_not_sent_again(
    inside: None, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    receiver.answer = lambda handler: plain(handler, 503)
    assert send(f"http://127.0.0.1:{receiver.port}/services/T/B/x", "slack").end == End.UNSURE


def test_a_redirect_is_not_followed(inside: None, receivers: Callable[..., Receiver]) -> None:
    other, receiver = receivers(), receivers()
    receiver.answer = lambda handler: plain(handler, 307, Location=f"http://127.0.0.1:{other.port}/")
    outcome = send(f"http://127.0.0.1:{receiver.port}/")
    assert outcome.end == End.NEVER and "redirects" in outcome.words
    assert other.got == []


def test_when_to_come_back_is_taken_from_the_receiver(inside: None, receivers: Callable[..., Receiver]) -> None:
    receiver = receivers()
    receiver.answer = lambda handler: plain(handler, 429, Retry_After="120")
    assert send(f"http://127.0.0.1:{receiver.port}/").after == 120
    assert sending._seconds("99999999") == 3600 and sending._seconds("soon") == 0 and sending._seconds("-1") == 0
    later = dt.datetime.now(tz=dt.UTC) + dt.timedelta(seconds=90)
    assert 60 < sending._seconds(f"{later:%a, %d %b %Y %H:%M:%S} GMT") <= 91


def test_a_receiver_that_never_comes_to_an_end_is_left(
    inside: None, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "ALL_SECONDS", 0.5)
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not over.wait(0.05):
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    receiver = receivers()
    receiver.answer = drip
    for channel, end in (("slack", End.UNSURE), ("webhook", End.AGAIN)):
        outcome = send(f"http://127.0.0.1:{receiver.port}/", channel)
        assert outcome.end == end and "It may have arrived." in outcome.words
    over.set()


def test_an_endless_answer_is_not_read_to_its_end(inside: None, receivers: Callable[..., Receiver]) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65_536)

    receiver = receivers()
    receiver.answer = pour
    assert send(f"http://127.0.0.1:{receiver.port}/").end == End.SENT


def test_a_receiver_that_hangs_up_is_not_written_to_twice_by_slack(
    inside: None, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    receiver.answer = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    url = f"http://127.0.0.1:{receiver.port}/"
    assert send(url, "slack").end == End.UNSURE
    assert send(url, "webhook").end == End.AGAIN


def test_nobody_at_home_is_tried_again(inside: None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/", "slack") == Outcome(End.AGAIN, "The receiver did not take the connection.")
    assert send("http://no-such-name.invalid/").end == End.AGAIN


# --- where nothing is sent ---


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"],  # noqa: S104
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_is_sent_inside_unless_its_network_is_named(
    host: str, scheme: str, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    outcome = send(f"{scheme}://{host}:{receiver.port}/")
    assert outcome.end == End.NEVER and receiver.got == []


def test_plain_http_to_a_public_address_is_refused_before_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_connect", lambda *_: pytest.fail("connected"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found("93.184.216.34"))
    assert send("http://example.com/").end == End.NEVER


def found(*addresses: str) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, PORT[0])) for address in addresses]


PORT = [0]


def test_a_name_that_answers_differently_the_second_time_leads_nowhere_else(
    settings: Any, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTIFY_NETWORKS = networks(["127.0.0.2/32"])
    private = receivers("127.0.0.1")
    allowed = Receiver.__new__(Receiver)
    allowed.__init__("127.0.0.2")  # type: ignore[misc]
    PORT[0] = allowed.port
    asked = []

    def rebind(*_: object, **__: object) -> list[Any]:
        asked.append(1)
        if len(asked) == 1:
            return found("127.0.0.2")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", private.port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    outcome = send(f"http://rebinding.example:{allowed.port}/")
    monkeypatch.undo()
    allowed.server.shutdown()
    assert (outcome.end, len(asked), len(allowed.got), private.got) == (End.SENT, 1, 1, [])
    assert allowed.got[0][1]["host"] == f"rebinding.example:{allowed.port}"


def test_of_several_addresses_only_those_that_may_be_are_connected_to(
    settings: Any, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTIFY_NETWORKS = networks(["127.0.0.1/32"])
    receiver = receivers()
    PORT[0] = receiver.port
    tried = []
    connect = outgoing._connect

    def watched(*where: Any) -> Any:
        tried.append(where[3][0])
        return connect(*where)

    monkeypatch.setattr(outgoing, "_connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found("10.0.0.1", "169.254.169.254", "127.0.0.1"))
    assert send("http://several.example/").end == End.SENT
    assert tried == ["127.0.0.1"]


def test_no_proxy_is_used(inside: None, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, receiver = receivers(), receivers()
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert send(f"http://127.0.0.1:{receiver.port}/").end == End.SENT
    assert proxy.got == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(tz=dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - dt.timedelta(1), now + dt.timedelta(1))
    made = made.add_extension(names, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path = tmp_path / "certificate.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(encoding) + private)
    return path


def test_a_certificate_is_checked_against_the_name(
    inside: None, receivers: Callable[..., Receiver], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = receivers()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    unknown = send(f"https://localhost:{receiver.port}/")
    assert unknown.end == End.AGAIN and "certificate" in unknown.words
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert "certificate" in send(f"https://127.0.0.1:{receiver.port}/").words
    assert receiver.got == []
    assert send(f"https://localhost:{receiver.port}/").end == End.SENT


# --- e-mail ---


class Mailbox:
    """Takes mail; `codes` are its answers to RCPT and DATA."""

    def __init__(self) -> None:
        self.rcpt = self.data = "250 OK"
        self.got: list[tuple[list[str], bytes]] = []

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, __: Any, envelope: Any) -> str:
        if self.data == "hang up":
            server.transport.abort()
            return "250 OK"
        if self.data.startswith("250"):
            self.got.append((envelope.rcpt_tos, envelope.content))
        return self.data


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_READY = "127.0.0.1", port, True
    settings.DEFAULT_FROM_EMAIL = "durascope@example.com"
    yield box
    server.stop()


def mailed(to: str = "ada@example.com, grace@example.com") -> Outcome:
    return sending.send(factories.notice_rule(to, channel="email", secret=""), message(), uuid.UUID(int=7))


def test_an_e_mail_arrives_at_all_of_them(mailbox: Mailbox) -> None:
    assert mailed() == Outcome(End.SENT, "The mail server took it.")
    [(to, content)] = mailbox.got
    parsed = email.message_from_bytes(content)
    assert to == ["ada@example.com", "grace@example.com"]
    assert (
        parsed["Subject"] == "[Durascope] Callback opened: manager approval · refund" or "=?utf-8?" in parsed["Subject"]
    )
    assert parsed["From"] == "durascope@example.com" and parsed["Auto-Submitted"] == "auto-generated"
    assert str(uuid.UUID(int=7)) in parsed["Message-ID"]
    text = parsed.get_payload(decode=True)
    assert isinstance(text, bytes) and "https://d.example/x" in text.decode()


@pytest.mark.parametrize(
    ("rcpt", "data", "end"),
    [
        ("550 Nobody", "250 OK", End.NEVER),
        ("450 Later", "250 OK", End.AGAIN),
        ("250 OK", "554 No", End.NEVER),
        ("250 OK", "451 Later", End.AGAIN),
        ("250 OK", "hang up", End.UNSURE),
    ],
)
def test_what_a_mail_server_says_decides_whether_to_try_again(rcpt: str, data: str, end: End, mailbox: Mailbox) -> None:
    mailbox.rcpt, mailbox.data = rcpt, data
    assert mailed().end == end
    assert mailbox.got == []


def test_a_mail_server_that_is_not_there_is_tried_again(mailbox: Mailbox, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]
    assert mailed().end == End.AGAIN


def test_without_a_mail_server_it_says_so(settings: Any) -> None:
    settings.EMAIL_READY = False
    assert "EMAIL_URL" in mailed().words


# --- what is secret ---


def test_what_is_sealed_is_not_in_the_database_and_opens_only_with_its_key(settings: Any) -> None:
    sealed = sealing.seal("https://hooks.example/T0/secret")
    assert "secret" not in sealed and base64.urlsafe_b64decode(sealed)
    assert sealing.unseal(sealed) == "https://hooks.example/T0/secret"
    settings.SECRET_KEY = "another one " * 4
    with pytest.raises(sealing.Unreadable, match="SECRET_KEY"):
        sealing.unseal(sealed)


def test_after_the_key_has_changed_a_message_is_given_up_with_a_sentence(settings: Any) -> None:
    rule = factories.notice_rule()
    settings.SECRET_KEY = "another one " * 4
    outcome = sending.send(rule, message(), uuid.uuid4())
    assert outcome.end == End.NEVER and "SECRET_KEY" in outcome.words


def test_no_word_of_an_outcome_or_a_log_line_tells_the_path_or_the_secret(
    inside: None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = factories.notice_rule("http://127.0.0.1:9/T0/very-secret-path")
    secret = sealing.unseal(rule.secret)
    outcome = sending.send(rule, message(), uuid.uuid4())
    out, err = capfd.readouterr()
    for text in (outcome.words, out, err):
        assert "very-secret-path" not in text and secret not in text


def test_django_writes_the_message_id_that_we_give() -> None:
    said = EmailMessage("x", "y", to=["a@example.com"], headers={"Message-ID": "<1@durascope>"}).message()
    assert said.get_all("Message-ID") == ["<1@durascope>"]
