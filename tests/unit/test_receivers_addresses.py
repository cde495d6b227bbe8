"""Where messages may be sent: addresses that lead inside are refused, in every way in which they can be written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain import addresses

INSIDE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"]
PRIVATE = st.sampled_from(INSIDE).flatmap(lambda text: st.ip_addresses(v=4, network=text))


@given(PRIVATE)
def test_a_private_address_is_refused_in_every_form(address: ipaddress.IPv4Address) -> None:
    packed = f"{int(address):08x}"
    words = f"{packed[:4]}:{packed[4:]}"
    for text in (
        str(address),
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        f"::{address}",
        f"2002:{words}::1",
        f"2001:0:{words}::1",
    ):
        assert addresses.refusal(text), text


@pytest.mark.parametrize(
    "text",
    [
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1"),
        *("0.0.0.1", "224.0.0.1", "255.255.255.255", "192.0.0.192", "198.18.0.1", "::ffff:127.0.0.1", "nonsense", ""),
    ],
)
def test_what_is_not_for_the_public_internet_is_refused(text: str) -> None:
    assert addresses.refusal(text)


METADATA = ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16"]


@pytest.mark.parametrize("text", METADATA)
def test_where_clouds_keep_credentials_is_refused_also_when_its_network_is_named(text: str) -> None:
    everything = addresses.networks(["0.0.0.0/0", "::/0"])
    assert addresses.refusal(text)
    assert addresses.refusal(text, everything)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "93.184.216.34"])
def test_public_addresses_are_allowed(text: str) -> None:
    assert addresses.refusal(text) == ""


def test_a_named_network_is_allowed_and_nothing_beside_it() -> None:
    named = addresses.networks(["10.1.0.0/16"])
    assert addresses.refusal("10.1.2.3", named) == ""
    assert addresses.refusal("::ffff:10.1.2.3", named) == ""
    assert addresses.refusal("10.2.2.3", named)


@given(st.text(max_size=60) | st.ip_addresses().map(str))
def test_no_text_raises(text: str) -> None:
    addresses.refusal(text)
    addresses.wrong_with(text)
    addresses.wrong_with(f"https://{text}")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "ftp://example.com/",
            "https://",
            "//example.com",
            "https://user:pw@example.com/",
            "https://ex ample.com",
        ),
        *("https://example.com:0/", "https://example.com:99999/", "https://example.com/#x", "https://exämple.com/"),
        *("https://example.com\\@evil.example/", "javascript:alert(1)", "https://example.com/\r\nX: y", "https://[::1"),
    ],
)
def test_an_address_that_cannot_be_one_is_said_to_be_wrong(url: str) -> None:
    assert addresses.wrong_with(url)


def test_what_is_shown_of_an_address_is_its_host() -> None:
    assert addresses.shown("https://hooks.slack.com/services/T0/B0/secret?x=1") == "https://hooks.slack.com/…"
    assert addresses.shown("https://[2606:4700::1]:8443/x") == "https://[2606:4700::1]:8443/…"
