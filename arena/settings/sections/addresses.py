"""Whether a text is an address: of an HTTP server, of this arena on the web, of a network."""

import ipaddress
import re
from urllib.parse import urlsplit

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")


def is_public_address(url: str) -> bool:
    """Whether it is an HTTP address of a host without a password, and a path of plain segments."""
    if not is_address(url):
        return False
    parts = urlsplit(url)
    segments = parts.path.removesuffix("/").split("/")[1:]
    is_plain = all(_SEGMENT.fullmatch(segment) and segment.strip(".") for segment in segments)
    return "@" not in parts.netloc and is_plain


def is_network(text: str) -> bool:
    if text == "*":
        return True
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def is_address(url: str) -> bool:
    """Whether it is an HTTP address with a host and without space, query or fragment."""
    if not url.isprintable() or any(character in url for character in " ?#"):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
