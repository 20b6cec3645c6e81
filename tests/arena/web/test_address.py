from __future__ import annotations

from types import SimpleNamespace

import pytest

from arena.web.address import address_mac

SECRET = b"0" * 32


def of(host: str | None, secret: bytes = SECRET) -> str | None:
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


def test_an_ipv6_visitor_is_known_by_the_network_of_64_bits() -> None:
    assert of("2001:db8:1:2::1") == of("2001:0DB8:1:2:ffff:ffff:ffff:ffff") == of("2001:db8:1:2::1%eth0")
    assert of("2001:db8:1:2::1") != of("2001:db8:1:3::1")


def test_an_ipv4_visitor_is_known_by_the_whole_address_however_it_is_written() -> None:
    assert of("203.0.113.7") == of("::ffff:203.0.113.7")
    assert of("203.0.113.7") != of("203.0.113.8")
    assert of("::ffff:203.0.113.7") != of("::ffff:203.0.113.8")


@pytest.mark.parametrize("host", [None, "", "unknown", "testclient", "203.0.113.7:80"])
def test_a_client_without_an_ip_address_has_none(host: str | None) -> None:
    assert of(host) is None
