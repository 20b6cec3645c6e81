"""HTML: a page changed on its way to the browser, for those layers that put something into every page."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def pass_changed(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, change: Callable[[bytes], bytes]
) -> None:
    """Pass a request to `app`, and its answer back; an HTML page that is not compressed is changed as a whole."""
    if scope["type"] != "http" or scope["method"] != "GET":
        await app(scope, receive, send)
        return
    start: Message | None = None
    page = bytearray()

    async def send_changed(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start" and _is_plain_html(message):
            start = message
        elif start is None:
            await send(message)
        else:
            page.extend(message.get("body", b""))
            if not message.get("more_body", False):
                body = change(bytes(page))
                MutableHeaders(scope=start)["content-length"] = str(len(body))
                await send(start)
                await send({"type": "http.response.body", "body": body})

    await app(scope, receive, send_changed)


def _is_plain_html(message: Message) -> bool:
    headers = MutableHeaders(scope=message)
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
