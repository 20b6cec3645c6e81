"""A fake Hugging Face hub on a loopback port, with the few addresses that a download needs.

`repositories` maps ORG/NAME to a folder; names in `gated` are refused as by the hub; `requests` are the downloaded
files; `failing` files stop in the middle.
"""

import hashlib
import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.gated: set[str] = set()
        self.failing: set[str] = set()
        self.requests: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                hub._answer(self)

            def do_GET(self) -> None:
                hub._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = unquote(urlsplit(handler.path).path).strip("/").split("/")
        is_api = parts[:2] == ["api", "models"]
        name = "/".join(parts[2:4] if is_api else parts[:2])
        folder = self.repositories.get(name)
        if folder is None:
            _reply(handler, 404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif name in self.gated:
            _reply(handler, 403, b'{"error": "gated"}', {"X-Error-Code": "GatedRepo"})
        elif is_api and "tree" in parts:
            tree = [
                {"type": "file", "oid": _digest(path), "size": path.stat().st_size, "path": path.name}
                for path in sorted(folder.iterdir())
            ]
            _reply(handler, 200, json.dumps(tree).encode())
        elif is_api:
            files = [
                {"rfilename": path.name, "size": path.stat().st_size, "blobId": _digest(path)}
                for path in sorted(folder.iterdir())
            ]
            info = {"id": name, "sha": COMMIT, "siblings": files, "private": False, "tags": [], "downloads": 0}
            _reply(handler, 200, json.dumps(info).encode())
        else:
            self._send_file(handler, folder / parts[-1])

    def _send_file(self, handler: BaseHTTPRequestHandler, path: Path) -> None:
        if not path.is_file():
            _reply(handler, 404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        if handler.command == "GET":
            self.requests.append(path.name)
        content = path.read_bytes()
        headers = {"ETag": f'"{_digest(path)}"', "X-Repo-Commit": COMMIT}
        if path.name in self.failing and handler.command == "GET":
            _reply(handler, 500, b"broken", headers)
        else:
            _reply(handler, 200, content, headers)


def _digest(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


def _reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    handler.send_response(status)
    for key, value in (headers or {}).items():
        handler.send_header(key, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        with suppress(ConnectionError):
            handler.wfile.write(body)
