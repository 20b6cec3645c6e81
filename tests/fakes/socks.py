"""A SOCKS5 proxy (RFC 1928, no authentication) on a loopback port, which connects names to a test's servers."""

import socketserver
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from socket import SHUT_WR, create_connection, socket
from types import TracebackType
from typing import Self

_CONNECT, _BY_NAME = 1, 3


class FakeSocks:
    """with FakeSocks({"m0.example": port}) as proxy: ...

    `url` is the value for ALL_PROXY; `asked` are the names that clients asked for.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.asked: list[str] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(ports, self.asked))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"socks5://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(ports: Mapping[str, int], asked: list[str]) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            n_methods = self.rfile.read(2)[1]
            self.rfile.read(n_methods)
            self.wfile.write(b"\x05\x00")  # no authentication
            _version, command, _reserved, kind, length = self.rfile.read(5)
            assert (command, kind) == (_CONNECT, _BY_NAME)
            name = self.rfile.read(length).decode()
            self.rfile.read(2)
            asked.append(name)
            with create_connection(("127.0.0.1", ports[name])) as server:
                self.wfile.write(b"\x05\x00\x00\x01" + struct.pack("!IH", 0, 0))
                back = threading.Thread(target=_copy, args=(server, self.connection), daemon=True)
                back.start()
                _copy(self.connection, server)
                back.join()

    return Handler


def _copy(source: socket, sink: socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(SHUT_WR)
