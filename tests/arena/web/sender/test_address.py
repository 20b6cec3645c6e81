import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from arena.web.sender import address
from arena.web.sender.address import address_mac

SECRET = b"0" * 32


def of(host: str | None, secret: bytes = SECRET) -> str:
    client = None if host is None else SimpleNamespace(host=host, port=1)
    return address_mac(SimpleNamespace(client=client), secret)


@pytest.mark.parametrize(
    ("host", "mac"),
    [
        # printf address:203.0.113.7 | openssl dgst -sha256 -hmac 00000000000000000000000000000000
        ("203.0.113.7", "813965bdf1299d2cabc1f5a4d66918863ea7d9e3848fce76305242d5fc097eac"),
        # printf address:2001:db8:1:2::/64 | openssl dgst -sha256 -hmac 00000000000000000000000000000000
        ("2001:db8:1:2:a:b:c:d", "8b6bff5c1d13242bf29c7e7960fbc6e7c73c54531cc604885585174f4f27821b"),
    ],
)
def test_the_address_becomes_an_hmac_under_the_secret(host: str, mac: str) -> None:
    assert of(host) == mac
    assert of(host, b"1" * 32) != mac


def test_an_ipv6_address_counts_by_its_network_of_64_bits() -> None:
    assert of("2001:db8:1:2::1") == of("2001:0DB8:1:2:ffff:ffff:ffff:ffff") == of("2001:db8:1:2::1%eth0")
    assert of("2001:db8:1:2::1") != of("2001:db8:1:3::1")


def test_an_ipv4_address_counts_as_a_whole_however_it_is_written() -> None:
    assert of("203.0.113.7") == of("::ffff:203.0.113.7")
    assert of("203.0.113.7") != of("203.0.113.8")
    assert of("::ffff:203.0.113.7") != of("::ffff:203.0.113.8")


@pytest.mark.parametrize("host", [None, "", "unknown", "_hidden", "testclient", "203.0.113.7:http", "1.2.3", "[::1"])
def test_clients_without_an_ip_address_share_one_limit(host: str | None) -> None:
    assert of(host) == of("another that is none")
    assert of(host) != of("203.0.113.7")
    assert of(host) != of(host, b"1" * 32)


def test_a_missing_address_is_logged_once_and_without_the_value_that_came(
    caplog: pytest.LogCaptureFixture,
) -> None:
    address._warn_once.cache_clear()
    for host in ("_hidden1", "_hidden2"):
        of(host)
    assert len(caplog.messages) == 1
    assert "Configure the proxy to send X-Forwarded-For" in caplog.text
    assert "_hidden" not in caplog.text


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 127.0.0.1", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::1"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::1"),
        ("[2001:db8:1:2::1]:4711", "2001:db8:1:2::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%eth0]:4711", "fe80::1"),
        ("", "127.0.0.1"),
        ("unknown", None),
        ("203.0.113.7, unknown", None),
        ("_hidden", None),
        ('"[2001:db8:1:2::1', None),
        ("203.0.113.7:4711:4712", None),
        ("\xff\x00 <script>", None),
        ("9" * 5000, None),
    ],
)
def test_anything_that_a_trusted_proxy_sends_becomes_an_address_for_the_limits(header: str, host: str | None) -> None:
    """Return the address that uvicorn and then we make of the header."""
    found: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        found.append(address_mac(HTTPConnection(scope), SECRET))

    scope: Any = {
        "type": "http",
        "client": ("127.0.0.1", 50000),
        "headers": [(b"x-forwarded-for", header.encode("latin-1"))],
    }
    asyncio.run(ProxyHeadersMiddleware(app, "127.0.0.1")(scope, None, None))  # type: ignore[arg-type]
    assert found == [of(host)]
