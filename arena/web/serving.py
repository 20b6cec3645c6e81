"""Serve the pages on a bound socket until a signal."""

import signal
import socket
from collections.abc import Callable, Sequence

import uvicorn
from fastapi import FastAPI

_GRACE_S = 1  # for open streams, before they are cut


def serve(
    app: FastAPI, listener: socket.socket, *, trusted_proxies: Sequence[str], on_start: Callable[[], None]
) -> bool:
    """Serve until SIGTERM or SIGINT; return whether the app started. `on_start` is called once it answers."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_start()

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        forwarded_allow_ips=",".join(trusted_proxies),
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again after its shutdown
        signal.signal(number, lambda _number, _frame: None)
    server = Server(config)
    server.run(sockets=[listener])
    return server.started
