"""The loopback port of the owner: their page, which needs a token, and `/metrics`, which needs none.

    guard      who is let in: only this machine, only at its own address, and only with the token
    server     a second server in the same process and on the same event loop
    hang_up    SIGHUP reads the settings again, as a button of the page does

What the page shows is for `ui.plain.owner`; what it can do is for `service.owner`.
"""

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.routing import BaseRoute

from arena.metrics import CONTENT_TYPE, Metrics
from arena.web.admin.guard import Guard, LockedPage
from arena.web.headers import Headers

__all__ = ["admin_app"]

METRICS = "/metrics"


def admin_app(routes: list[BaseRoute], metrics: Metrics, *, token: str, port: int, locked: LockedPage) -> FastAPI:
    """Return the app of the admin port: the `routes` of the page behind the token, and the metrics. `locked` makes the
    page for a request without the token."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, routes=routes)

    @app.get(METRICS)
    async def read_metrics() -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    app.add_middleware(Guard, token=token, port=port, open_path=METRICS, locked=locked)
    app.add_middleware(Headers)
    return app
