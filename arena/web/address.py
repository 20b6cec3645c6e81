"""Address: where a request came from, as the limits know it: an HMAC, never the address itself.

It is the client that uvicorn found: the peer, or what a trusted proxy said of it. An IPv6 address counts by its /64
network, since one visitor owns a whole one and could come from another of its 2^64 addresses each time.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Any, Protocol


class HasClient(Protocol):
    """A request of Starlette or of Gradio."""

    @property
    def client(self) -> Any: ...


def address_mac(request: HasClient, secret: bytes) -> str | None:
    """HMAC of the client's address under the secret: 64 hex digits. None where the client has no IP address, as behind
    a socket file."""
    if request.client is None:
        return None
    try:
        network = _network(request.client.host)
    except ValueError:
        return None
    return hmac.digest(secret, b"address:" + network.encode(), hashlib.sha256).hex()


def _network(host: str) -> str:
    """The address of one visitor: `203.0.113.7`, `2001:db8:1:2::/64`. Raises `ValueError` for what is none."""
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:  # how a socket for both kinds names an IPv4 client
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address.packed[:8] + bytes(8), 64)))
