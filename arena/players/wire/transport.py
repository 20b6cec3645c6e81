"""An endpoint's HTTP client, with a limit on the bytes of a response.

Loopback never uses a proxy; other addresses use the proxies and certificates that the environment names
(`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`). Requests ask for no compression. A response that is
compressed anyway is decoded piece by piece, so that a few bytes never become gigabytes. h11 limits headers to 100 kB.
"""

import email.utils
import ipaddress
import math
import ssl
import time
import zlib
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import httpx

MAX_BODY_BYTES = 64_000_000
"""Of one response, decoded: enough for a long answer with thoughts, at a few hundred bytes of JSON per token."""
MAX_REDIRECTS = 3

_CONNECT_TIMEOUT_S = 5.0
_PIECE_BYTES = 65_536


class BodyTooLongError(ValueError):
    """A response is longer than `MAX_BODY_BYTES`."""


class EncodingError(ValueError):
    """A response is compressed in a way that was not asked for, or its compression is damaged."""


class Elsewhere(ValueError):
    """A redirect that is not followed."""


def make_client(
    base_urls: Sequence[str],
    *,
    api_key: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> httpx.AsyncClient:
    """Make a client for these addresses. Raises ValueError if the environment's proxy or certificates are unusable."""
    hosts = {urlsplit(url).hostname or "" for url in base_urls if is_loopback(url)}
    is_local = all(is_loopback(url) for url in base_urls)
    try:
        return httpx.AsyncClient(
            headers={
                **({"authorization": f"Bearer {api_key}"} if api_key else {}),
                "accept-encoding": "identity",
                **(headers or {}),
            },
            params=dict(query) if query else None,
            timeout=httpx.Timeout(None, connect=_CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            verify=_certificates(),
            trust_env=not is_local,
            mounts={} if is_local else {f"all://{f'[{host}]' if ':' in host else host}": None for host in hosts},
        )
    except ImportError as error:  # from httpx, for a SOCKS proxy without its extra
        raise ValueError(
            "the environment (ALL_PROXY, HTTPS_PROXY, HTTP_PROXY) names a SOCKS proxy, which needs the package socksio:"
            f" pip install 'httpx[socks]', or list {', '.join(map(place_of, base_urls))} in NO_PROXY"
        ) from error
    except _CertificateError:
        raise
    except (ValueError, httpx.InvalidURL) as error:
        raise ValueError(
            "the environment (ALL_PROXY, HTTPS_PROXY, HTTP_PROXY) names a proxy whose address is not valid;"
            " expected one such as http://proxy.example:3128"
        ) from error


def is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def place_of(base_url: str) -> str:
    """Host and port, for messages: an address may contain a password."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


async def pieces_of(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the decoded body in pieces of bounded size. Raises `BodyTooLongError` and `EncodingError`."""
    encoding = response.headers.get("content-encoding", "identity").strip().casefold()
    decoder = _Inflate() if encoding in ("gzip", "x-gzip", "deflate") else None
    if decoder is None and encoding not in ("", "identity"):
        raise EncodingError(f"content-encoding {encoding[:40]!r}")
    n_bytes = 0
    async for raw in response.aiter_raw():
        for piece in (raw,) if decoder is None else decoder.feed(raw):
            n_bytes += len(piece)
            if n_bytes > MAX_BODY_BYTES:
                raise BodyTooLongError(f"a body of more than {MAX_BODY_BYTES:,} bytes")
            yield piece


async def beginning_of(response: httpx.Response, max_bytes: int) -> bytes:
    """Return the first `max_bytes` of a body, or less where the rest cannot be decoded."""
    body = bytearray()
    try:
        async for piece in pieces_of(response):
            body += piece
            if len(body) > max_bytes:
                break
    except EncodingError:
        pass
    return bytes(body[:max_bytes])


class _Inflate:
    """Decompresses gzip and zlib, several streams in a row too, in pieces of at most 64 kB."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    def feed(self, raw: bytes) -> Iterator[bytes]:
        try:
            while raw:
                yield self._zlib.decompress(raw, _PIECE_BYTES)
                raw = self._zlib.unconsumed_tail
                if self._zlib.eof:
                    raw = self._zlib.unused_data
                    self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        except zlib.error as error:
            raise EncodingError("a damaged gzip stream") from error


def redirect_of(url: str, location: str) -> str:
    """Return where a 307 or 308 leads. Raises `Elsewhere` unless that is the same scheme, host and port, or https for
    http on the same host: keys and prompts are sent nowhere else."""
    try:
        base, target = httpx.URL(url), httpx.URL(url).join(location)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Elsewhere("an address that cannot be read") from error
    is_same = (target.scheme, target.host, _port(target)) == (base.scheme, base.host, _port(base))
    is_secured = (base.scheme, target.scheme) == ("http", "https") and target.host == base.host
    if not (is_same or is_secured):
        raise Elsewhere(f"{target.scheme}://{target.netloc.decode('ascii', 'replace').rpartition('@')[2]}"[:200])
    return str(target.copy_with(username=base.username, password=base.password, fragment=None))


def retry_after_s(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds that a server asks to wait, by `Retry-After` (a number or a date) or `retry-after-ms`."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        try:
            seconds = float(value) * unit_s
        except ValueError:
            continue
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(date.timestamp() - (time.time() if now is None else now), 0.0)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def hint_for_404(base_url: str) -> str:
    """Return what may be wrong with an address that has no chat, or "" if it looks right."""
    path = urlsplit(base_url).path.rstrip("/")
    for tail in ("/chat/completions", "/completions", "/chat"):
        if path.endswith(tail):
            return f"base_url must not end in {tail}: the arena adds /chat/completions itself"
    has_version = any(part[:1] == "v" and part[1:2].isdigit() for part in path.split("/"))
    return "" if has_version else "most servers want a base_url that ends in /v1"


def problem_of(base_url: str, error: Exception) -> str:
    """Describe a failed request for the log; for TLS with the cause and what to do."""
    place = place_of(base_url)
    tls = _tls_error(error)
    if tls is None:
        return f"{place}: {type(error).__name__}"
    if isinstance(tls, ssl.SSLCertVerificationError):
        cause = getattr(tls, "verify_message", "") or "certificate verify failed"
        return (
            f"{place}: TLS: {cause}; if your own authority signed the certificate, start the arena with"
            " SSL_CERT_FILE set to that authority's certificate"
        )
    reason = (tls.reason or type(tls).__name__).replace("_", " ").casefold()
    return (
        f"{place}: TLS: {reason}; does this port speak TLS (https), or plain http?"
        " Certificates are read from SSL_CERT_FILE"
    )


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    for _ in range(8):
        if error is None or isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


class _CertificateError(ValueError):
    pass


def _certificates() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        raise _CertificateError(
            "the file that SSL_CERT_FILE names, or the folder of SSL_CERT_DIR, cannot be read as certificates;"
            " expected a PEM file, or neither variable"
        ) from error
