"""Where outgoing connections may lead: a host is resolved once, judged, and connected to by the address that was judged."""

from __future__ import annotations

import ipaddress
import socket

from sales_operations.effects.failure import DeliveryFailed


def resolve(host: str, port: int, private_allowed: bool) -> str:
    """The address to connect to for a host.

    Raises DeliveryFailed where the name has none, or where any of its addresses lies in a private network, on this machine or
    is otherwise not public, unless that is allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DeliveryFailed("the host's name has no address") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not private_allowed:
        for address in addresses:
            if not _is_public(address):
                raise DeliveryFailed(
                    "the host lies in a private network; set private_network: true for this channel if that is meant"
                )
    return addresses[0]


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None) or parsed
    return bool(inner.is_global) and not inner.is_multicast
