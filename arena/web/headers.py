"""The Content-Security-Policy and the other headers of every response.

The Content-Security-Policy is the strictest that Gradio's pages work with: nothing from other hosts (so that an image
in a model's answer cannot reveal the reader to a stranger), no frames, no forms to other hosts, no eval, and only
scripts that came with the page (`html.scripts`). Inline styles are allowed, because Gradio sets many.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arena.web.html.scripts import with_nonce

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; media-src 'none'; object-src 'none'; frame-src 'none';"
    " frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)

_ALWAYS = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_FOREVER = "public, max-age=31536000, immutable"  # the names of assets contain their hash or Gradio's version
_ASSETS = ("/assets/", "/static/")


class Headers:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        marked, nonce = with_nonce(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                content_type = headers.get("content-type", "")
                if content_type.startswith("text/html"):
                    own = f"script-src 'self' 'nonce-{nonce}'"
                    headers["content-security-policy"] = POLICY.replace("script-src 'self'", own)
                if scope["path"].startswith(_ASSETS):
                    if message["status"] == 200:
                        headers["cache-control"] = _FOREVER
                elif headers.get("cache-control") == "no-store":
                    pass
                elif content_type.startswith(("text/html", "application/json")):
                    headers["cache-control"] = "private, no-cache"  # pages carry a visitor's cookie
                elif content_type.startswith("text/event-stream"):
                    headers["cache-control"] = "no-store"
                    headers["x-accel-buffering"] = "no"  # else nginx buffers a stream until it ends
            await send(message)

        await self._app(marked, receive, send_with_headers)
