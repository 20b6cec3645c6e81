"""A server in front of the model server that passes everything on, and keeps what clients ask."""

import http.client
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_TIMEOUT_S = 120
_OWN = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and the status that answered it. `body` is None where it had none."""

    client: str
    method: str
    path: str
    body: Any
    status: int


class Recorder:
    """Listens on a free port of this machine, for a `with` statement. Set `client` before each client is run."""

    def __init__(self, url: str) -> None:
        self.client = ""
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, urlsplit(url).netloc))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(recorder: Recorder, upstream: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            there = http.client.HTTPConnection(upstream, timeout=_TIMEOUT_S)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
            there.request(self.command, self.path, body or None, headers)
            answer = there.getresponse()
            content = json.loads(body) if body else None
            recorder.asked.append(Asked(recorder.client, self.command, self.path, content, answer.status))
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                while piece := answer.read1(65536):
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                pass  # the client left; closing the connection tells the model server
            finally:
                there.close()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
