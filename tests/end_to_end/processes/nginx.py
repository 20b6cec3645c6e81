"""nginx from Debian in front of an arena, with TLS and a server block of `docs/deployment.md`."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.running import ROOT

_FRAME = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def documented(location: str) -> str:
    """Return the server block of the documentation that has this location."""
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (block,) = [
        block for block in re.findall(r"```nginx\n(.*?)```", text, re.DOTALL) if f"location {location} " in block
    ]
    return str(block)


@contextmanager
def nginx(folder: Path, server: str, *, port: int, upstream: int) -> Iterator[Path]:
    """Run nginx with the server block `server`, on `port` instead of 443, in front of an arena on the port `upstream`.
    Gives its certificate."""
    program = _program("nginx", "/usr/sbin/nginx")
    folder.mkdir(exist_ok=True)
    certificate = folder / "cert.pem"
    if not certificate.exists():
        _make_certificate(certificate, folder / "key.pem")
    for old, new in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/ssl/arena", str(folder)),
        ("127.0.0.1:7860", f"127.0.0.1:{upstream}"),
    ):
        assert old in server
        server = server.replace(old, new)
    configuration = folder / "nginx.conf"
    user = (
        "user root;" if os.geteuid() == 0 else ""
    )  # else its worker is `nobody`, which may not enter the test's folder
    configuration.write_text(_FRAME.format(user=user, folder=folder, server=server), encoding="utf-8")
    process = subprocess.Popen(
        [program, "-p", str(folder), "-e", "stderr", "-c", str(configuration)], stderr=subprocess.PIPE, text=True
    )
    try:
        _wait_until_open(process, port)
        yield certificate
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _program(name: str, beside: str) -> str:
    if path := shutil.which(name) or shutil.which(beside):
        return path
    pytest.skip(f"no {name} is installed; on Debian: apt-get install {name}")


def _make_certificate(certificate: Path, key: Path) -> None:
    """Write a self-signed certificate for localhost."""
    command = [
        _program("openssl", "/usr/bin/openssl"),
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)


def _wait_until_open(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    process.kill()
    raise AssertionError(f"nginx does not listen on {port}:\n{process.communicate()[1]}")
