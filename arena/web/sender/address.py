"""The address that a request came from, as an HMAC.

The address is the client that uvicorn found: the peer, or what a trusted proxy says about it. An IPv6 address counts by
its /64 network, because one visitor usually owns all 2^64 addresses of it and could use another one each time. All
clients without an IP address (`X-Forwarded-For: unknown`) share one limit.
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
    """Return the HMAC of the client's address under the secret: 64 hex digits, the same for all without an address."""
    try:
        network = _network(request.client.host if request.client is not None else "")
    except ValueError:
        _warn_once()
        network = _NOWHERE
    return hmac.digest(secret, b"address:" + network.encode(), hashlib.sha256).hex()


@cache
def _warn_once() -> None:
    logger.warning(
        "a request came without an IP address; all such visitors share one limit of battles."
        " Configure the proxy to send X-Forwarded-For with the visitor's address"
    )


def _network(host: str) -> str:
    """Return one visitor's address: `203.0.113.7`, `2001:db8:1:2::/64`. Raises `ValueError` if `host` is not one."""
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:  # a socket for both kinds names IPv4 clients so
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address.packed[:8] + bytes(8), 64)))
