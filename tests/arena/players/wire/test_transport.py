import asyncio
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from arena.players.endpoint import Endpoint, Patience
from arena.players.events import Unreachable
from arena.players.wire.transport import Elsewhere, hint_for_404, is_loopback, make_client, redirect_of, retry_after_s
from tests.arena.players.dialects import told
from tests.arena.players.test_dialects import Heard, hear
from tests.fakes.chat_server import ChatServer

PATIENCE = Patience(first_token_timeout_s=20.0, retries=0)
HERE = "https://h:8443/v1/chat/completions"


async def heard_from(*urls: str) -> Heard:
    endpoint = Endpoint(urls, "m", patience=PATIENCE)
    try:
        return await hear(endpoint)
    finally:
        await endpoint.aclose()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=arena"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl here to make a certificate")
    return cert, key


def served(certificate: tuple[Path, Path]) -> ChatServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return ChatServer(lambda asked: told("Hello."), tls=context)


def test_an_unknown_certificate_is_reported_with_what_to_do(certificate: tuple[Path, Path]) -> None:
    with served(certificate) as server:
        heard = asyncio.run(heard_from(server.base_url))
    assert isinstance(heard.error, Unreachable)
    assert f"127.0.0.1:{server.port}: TLS: self" in str(heard.error)
    assert "SSL_CERT_FILE" in str(heard.error)
    assert server.asked == []


def test_a_probe_names_the_certificate_too(certificate: tuple[Path, Path]) -> None:
    async def main(url: str) -> str:
        endpoint = Endpoint([url], "m", patience=PATIENCE)
        error = await endpoint.probe()
        await endpoint.aclose()
        return str(error)

    with served(certificate) as server:
        assert "SSL_CERT_FILE" in asyncio.run(main(server.base_url))


def test_certificates_of_the_environment_are_trusted_on_loopback_too(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with served(certificate) as server:
        assert asyncio.run(heard_from(server.base_url)).text == "Hello."


def test_a_port_that_speaks_no_tls_is_named() -> None:
    with ChatServer(lambda asked: told("Hello.")) as server:
        heard = asyncio.run(heard_from(server.base_url.replace("http:", "https:")))
    assert isinstance(heard.error, Unreachable)
    assert "TLS: " in str(heard.error)
    assert "plain http?" in str(heard.error)


def test_certificates_that_cannot_be_read_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("not a certificate")
    for file in (tmp_path / "none.pem", tmp_path / "no.pem"):
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        with pytest.raises(ValueError, match=r"SSL_CERT_FILE names, .* cannot be read as certificates; expected a PEM"):
            Endpoint(["http://127.0.0.1:8000/v1"], "m")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://127.0.0.1:1", "nonsense://x", "http://"])
def test_loopback_never_goes_through_a_proxy(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with ChatServer(lambda asked: told("Hello.")) as server:
        assert asyncio.run(heard_from(server.base_url)).text == "Hello."


def test_loopback_beside_another_host_does_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with ChatServer(lambda asked: told("Hello.")) as server:
        assert asyncio.run(heard_from(server.base_url, "http://models.example/v1")).text == "Hello."


def test_a_proxy_that_is_none_is_one_line_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://user:password@x")
    with pytest.raises(ValueError, match="names a proxy whose address is not valid; expected") as caught:
        make_client(["http://models.example/v1"])
    assert "password" not in str(caught.value)


def test_a_socks_proxy_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    with pytest.raises(ValueError, match=r"pip install 'httpx\[socks\]', or list models\.example in NO_PROXY"):
        make_client(["http://models.example/v1"])


@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("/other", "https://h:8443/other"),
        ("other", "https://h:8443/v1/chat/other"),
        ("https://h:8443/x?y=1#z", "https://h:8443/x?y=1"),
        ("//h:8443/x", "https://h:8443/x"),
        ("https://user:word@h:8443/x", "https://h:8443/x"),
    ],
)
def test_a_redirect_within_the_host_leads_on(location: str, to: str) -> None:
    assert redirect_of(HERE, location) == to


def test_a_redirect_may_lead_from_http_to_https_and_never_back() -> None:
    assert redirect_of("http://h/v1/x", "https://h/v1/x") == "https://h/v1/x"
    assert redirect_of("http://h:80/v1/x", "https://h:8443/v1/x") == "https://h:8443/v1/x"
    assert redirect_of("http://me:word@h/v1", "https://h/v1/x") == "https://me:word@h/v1/x"
    for location in (
        "http://h:8443/x",
        "http://h/x",
        "https://h/x",
        "https://g:8443/x",
        "https://h.g:8443/x",
        "file:///x",
    ):
        with pytest.raises(Elsewhere):
            redirect_of(HERE, location)


def test_where_a_redirect_was_not_followed_to_is_named_without_a_password() -> None:
    with pytest.raises(Elsewhere, match=r"^https://g$"):
        redirect_of(HERE, "https://user:password@g/secret?key=1")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 10.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 99 Jan 1970 00:00:00 GMT"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(httpx.Headers(headers), now=90.0) == seconds


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://h:11434", "/v1"),
        ("https://h/api", "/v1"),
        ("http://h/v1/chat/completions", "must not end in /chat/completions"),
        ("http://h/v1/completions", "must not end in /completions"),
        ("https://h/v1", ""),
        ("https://h/v1beta/openai", ""),
        ("https://h/api/v3/", ""),
    ],
)
def test_a_404_has_a_hint_where_the_address_looks_wrong(url: str, hint: str) -> None:
    assert hint in hint_for_404(url)
    assert bool(hint_for_404(url)) == bool(hint)


def test_loopback_is_known_by_its_address() -> None:
    assert all(
        map(is_loopback, ("http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]/v1", "http://127.9.9.9"))
    )
    assert not any(map(is_loopback, ("http://10.0.0.1/v1", "http://localhost.example/v1", "http://models/v1")))
