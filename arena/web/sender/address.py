"""Address: where a request came from, as the limits know it: an HMAC, never the address itself.

It is the client that uvicorn found: the peer, or what a trusted proxy said of it. An IPv6 address counts by its /64
network, since one visitor owns a whole one and could come from another of its 2^64 addresses each time. All clients
without an IP address (`X-Forwarded-For: unknown`) count as one: nobody is without a limit.
"""

import hashlib
import hmac
import ipaddress
import logging
from functools import cache
from typing import Any, Protocol

logger = logging.getLogger(__name__)

_NOWHERE = "unknown"


class HasClient(Protocol):
    """A request of Starlette or of Gradio."""

    @property
    def client(self) -> Any: ...


def address_mac(request: HasClient, secret: bytes) -> str:
    """HMAC of the client's address under the secret: 64 hex digits; one and the same for all that have none."""
    try:
        network = _network(request.client.host if request.client is not None else "")
    except ValueError:
        _warn_once()
        network = _NOWHERE
    return hmac.digest(secret, b"address:" + network.encode(), hashlib.sha256).hex()


@cache
def _warn_once() -> None:
    logger.warning(
        "a visitor came without an IP address; all such visitors share one limit of battles."
        " Have the proxy send X-Forwarded-For with the visitor's address"
    )


def _network(host: str) -> str:
    """The address of one visitor: `203.0.113.7`, `2001:db8:1:2::/64`. Raises `ValueError` for what is none."""
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:  # how a socket for both kinds names an IPv4 client
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address.packed[:8] + bytes(8), 64)))
