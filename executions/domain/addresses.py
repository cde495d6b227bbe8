"""Where messages may be sent: which IP addresses, and what the address of a receiver may look like."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# Of cloud providers: never allowed, by whatever list, because credentials are read there.
_METADATA = [
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32")
]
# What is not for the public internet (IANA's special-purpose registries). Python's own list differs by version.
_SPECIAL = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4"),
        *("240.0.0.0/4", "::/127", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20"),
        *("5f00::/16", "fc00::/7", "fec0::/10", "ff00::/8"),
    )
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def refusal(address: str, allowed: Iterable[Network] = ()) -> str:
    """Why nothing is sent to this address, as the end of a sentence; "" when it may be. `allowed`: networks that may
    be reached although they are not public.
    """
    try:
        forms = _forms(address)
    except ValueError:
        return "it is no IP address"
    if any(_within(one, _METADATA) for one in forms):
        return "it is a link-local or metadata address"
    if any(_within(one, allowed) for one in forms):
        return ""
    if any(_within(one, _SPECIAL) or not one.is_global for one in forms):
        return "it is not a public address"
    return ""


def is_named(address: str, allowed: Iterable[Network]) -> bool:
    """Whether the installation has named its network."""
    return any(_within(one, allowed) for one in _forms(address))


def _forms(address: str) -> list[Address]:
    """It, and the IPv4 addresses that an IPv6 address leads to in one of the ways in which it can carry one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        return [found]
    if found.ipv4_mapped is not None:
        return [found.ipv4_mapped]
    inner: list[Address] = [found.sixtofour] if found.sixtofour is not None else []
    inner += list(found.teredo or ())
    if found in _NAT64 or (found in _COMPATIBLE and int(found) > 1):
        inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
    return [found, *inner]


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def networks(texts: Sequence[str]) -> list[Network]:
    """Raises ValueError, in words, for what is no network in CIDR notation."""
    try:
        return [ipaddress.ip_network(text) for text in texts]
    except ValueError as error:
        raise ValueError(f"must list networks such as 10.1.0.0/16: {error}.") from None


def wrong_with(url: str) -> str:
    """What keeps this from being a receiver's address, in a sentence; "" when nothing does."""
    if len(url) > 2000 or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "Write an address of at most 2,000 ASCII characters, without spaces."
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return "Write an address that begins with https://."
    if parts.username is not None or parts.password is not None:
        return "Leave name and password out of the address."
    return "Leave out the # and what follows it." if parts.fragment else ""


def shown(url: str) -> str:
    """What may be shown of a receiver's address: its path and query often are a secret."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "") + "/…"
