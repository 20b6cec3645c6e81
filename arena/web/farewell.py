"""End open streams quietly when the server stops.

Otherwise each of them would leave a traceback in the log. uvicorn waits a moment for open connections and then cancels
what is still running. Pages that are open in a browser have streams that never end by themselves.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Farewell:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = has_ended = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_started, has_ended
            has_started = True
            has_ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except asyncio.CancelledError:
            if scope["type"] != "http" or not has_started:
                raise
            if not has_ended:
                await send({"type": "http.response.body", "body": b""})
